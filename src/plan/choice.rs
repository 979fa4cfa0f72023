//! The choice of the engine: the cheapest offer, and what the others answered.

use crate::{
    engine::{Engine, LaneRefusal, Method, Offer, Problem, Refusal},
    error::{Error, RequestError, Result},
};

/// The chosen engine, and what the others answered.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) engine: &'static dyn Engine,
    pub(super) offer: Offer,
    pub(super) others: Vec<(&'static dyn Engine, Result<Offer, Refusal>)>,
}

impl Choice {
    /// The cheapest offer, of the requested method or of all.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub(super) fn new(problem: &Problem<'_>, engines: &[&'static dyn Engine]) -> Result<Self> {
        let asked = |engine: &dyn Engine| problem.method.is_none_or(|m| m == engine.method());
        let mut taken: Option<(&'static dyn Engine, Offer)> = None;
        let mut others = Vec::new();
        for &engine in engines {
            let offer = match problem.divided_by {
                Some(by) if !engine.divides_sums_by(by) => Err(Refusal::Divided(by)),
                _ => engine.offer(problem),
            };
            let offer = offer.map(|mut offer| {
                offer.cost += problem.near_tie_cost(&offer.sum_errors);
                offer
            });
            match offer {
                Ok(offer) if asked(engine) => {
                    // Of offers with equal cost the first is kept.
                    let is_cheaper = taken
                        .as_ref()
                        .is_none_or(|(_, best)| offer.cost < best.cost);
                    if is_cheaper {
                        let slower = taken.replace((engine, offer));
                        others.extend(slower.map(|(engine, offer)| (engine, Ok(offer))));
                    } else {
                        others.push((engine, Ok(offer)));
                    }
                }
                answer => others.push((engine, answer)),
            }
        }
        match taken {
            Some((engine, offer)) => Ok(Self {
                engine,
                offer,
                others,
            }),
            None => {
                let answers = others.into_iter().filter(|(engine, _)| asked(*engine));
                let refusals = answers.filter_map(|(_, answer)| answer.err());
                let asked = match engines {
                    [one] => Some(one.name()),
                    _ => problem.method.map(Method::name),
                };
                Err(refusal(asked, refusals.collect()))
            }
        }
    }
}

/// Why no engine makes an offer. A refusal that concerns the number type of the sums (the
/// requested one is too narrow, or none is exact) is reported first, as it holds for all
/// engines; otherwise the first engine's reason.
fn refusal(asked: Option<&'static str>, mut refusals: Vec<Refusal>) -> Error {
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
    let engine = asked.unwrap_or("fastest");
    RequestError::Engine { engine, reason }.into()
}
