//! Which engine is taken, and what the others answered.

use super::task::Task;
use crate::{
    engine::{Engine, Method, Offer, Refusal},
    error::{Error, Result},
};

/// The engine that is taken, and what the others answered.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) engine: &'static dyn Engine,
    pub(super) offer: Offer,
    pub(super) others: Vec<Answer>,
}

/// What an engine answered.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) engine: &'static dyn Engine,
    pub(super) answer: Result<Offer, Refusal>,
}

impl Choice {
    /// The cheapest offer, of the method that was asked for or of all.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub(super) fn new(task: &Task<'_>, engines: &[&'static dyn Engine]) -> Result<Self> {
        let asked = |engine: &dyn Engine| task.method.is_none_or(|m| m == engine.method());
        let mut others: Vec<Answer> = (engines.iter())
            .map(|&engine| Answer {
                engine,
                answer: engine.offer(task),
            })
            .collect();
        let offers = others
            .iter()
            .enumerate()
            .filter_map(|(at, Answer { engine, answer })| {
                let offer = answer.as_ref().ok().filter(|_| asked(*engine))?;
                Some((at, offer.cost))
            });
        let cheapest = offers.min_by(|(_, a), (_, b)| a.total_cmp(b));
        if let Some((at, _)) = cheapest
            && let Answer {
                engine,
                answer: Ok(offer),
            } = others.remove(at)
        {
            return Ok(Self {
                engine,
                offer,
                others,
            });
        }
        others.retain(|other| asked(other.engine));
        Err(refusal(task.method, others))
    }

    /// What the other engines of a method answered.
    pub(super) fn others_of(&self, method: Method) -> Vec<&Result<Offer, Refusal>> {
        let others = self.others.iter();
        let of_method = others.filter(|other| other.engine.method() == method);
        of_method.map(|other| &other.answer).collect()
    }
}

/// Why no engine makes an offer. What no lane can do is the task's fault, or that
/// of the lane that was asked for, and said before what one engine cannot do.
fn refusal(asked: Option<Method>, answers: Vec<Answer>) -> Error {
    let mut refusals: Vec<Refusal> = (answers.into_iter())
        .filter_map(|answer| answer.answer.err())
        .collect();
    refusals.sort_by_key(|refusal| !matches!(refusal, Refusal::Lane(_)));
    match (refusals.into_iter().next(), asked) {
        (Some(Refusal::Lane(refusal)), _) => Error::request(refusal),
        (Some(why), Some(method)) => Error::request(format_args!(
            "the {method} engine cannot run here: {why}; use another engine, or auto"
        )),
        (Some(why), None) => Error::request(why),
        (None, _) => Error::request("there is no engine"),
    }
}
