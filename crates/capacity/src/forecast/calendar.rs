//! Holidays as explicit factors: a day that is known to differ is neither learnt from as if it were usual nor forecast so.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A day unlike its weekday.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Holiday {
    /// The day.
    pub date: Date,
    /// Its name; days of one name are alike.
    pub name: String,
    /// Its calls over those of a usual day of its weekday; 0 is closed. Without one it is learnt from earlier days of that name.
    pub factor: Option<f64>,
}

/// The holidays of a centre, past and to come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Calendar {
    /// In any order.
    pub holidays: Vec<Holiday>,
}

impl Calendar {
    /// The holiday of a day.
    pub fn on(&self, date: Date) -> Option<&Holiday> {
        self.holidays.iter().find(|h| h.date == date)
    }
}
