//! Which engine is taken, and what the others answered.

use super::{lane::LaneRefusal, task::Task};
use crate::{
    engine::{Engine, Method, Offer, Refusal},
    error::{Error, RequestError, Result},
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
    let reason = match refusals.into_iter().next() {
        Some(Refusal::Lane(LaneRefusal::Inexact { depth, largest })) => {
            return RequestError::Sums { depth, largest }.into();
        }
        Some(Refusal::Lane(LaneRefusal::Narrow {
            asked,
            needed,
            reason,
        })) => {
            return RequestError::Lane {
                lane: asked.name(),
                reason: reason.to_string(),
                narrowest: needed.name(),
            }
            .into();
        }
        Some(why) => why.to_string(),
        None => "there is no such engine".to_owned(),
    };
    let engine = asked.map_or("fastest", Method::name);
    RequestError::Engine { engine, reason }.into()
}
