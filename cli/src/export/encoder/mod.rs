//! Encodes rows as JSON, CSV or Parquet.

mod parquet;
mod spreadsheet;

use std::io::Write as _;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use csv::Writer;
use export::encoding::{JSON_HEAD, csv_writer, json_end_of_all, write_json_row};
use export::value::{Column, Value};

use crate::failure::Failure;
use crate::output::OutputFile;
use parquet::Parquet;

pub use spreadsheet::Spreadsheet;

/// Format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    Csv(Lines),
    Parquet,
}

/// Line ending of CSV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// CR LF, as in the routes (RFC 4180).
    OfRoutes,
    /// LF.
    OfUnix,
}

impl Format {
    pub fn of_extension(extension: &str) -> Option<Self> {
        Self::value_variants().iter().copied().find(|format| format.name() == extension)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv(_) => "csv",
            Self::Parquet => "parquet",
        }
    }
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Csv(Lines::OfRoutes), Self::Json, Self::Parquet]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

/// A file that is written row by row.
pub enum Encoder {
    Json { out: Box<OutputFile>, columns: Vec<Column>, rows: u64 },
    Csv(Box<Writer<OutputFile>>),
    Parquet(Box<Parquet>),
}

impl Encoder {
    pub fn new(format: Format, mut out: OutputFile, columns: Vec<Column>) -> Result<Self, Failure> {
        Ok(match format {
            Format::Json => {
                out.write_all(JSON_HEAD.as_bytes())?;
                Self::Json { out: Box::new(out), columns, rows: 0 }
            }
            Format::Csv(lines) => {
                let mut writer = match lines {
                    Lines::OfRoutes => csv_writer(out),
                    Lines::OfUnix => Writer::from_writer(out),
                };
                writer.write_record(columns.iter().map(|column| column.name.as_bytes()))?;
                Self::Csv(Box::new(writer))
            }
            Format::Parquet => Self::Parquet(Box::new(Parquet::new(out, &columns)?)),
        })
    }

    pub fn row(&mut self, values: &[Value<'_>]) -> Result<(), Failure> {
        match self {
            Self::Json { out, columns, rows } => {
                write_json_row(out, columns, values, *rows == 0)?;
                *rows += 1;
                Ok(())
            }
            Self::Csv(writer) => {
                values.iter().try_for_each(|value| writer.write_field(value.cell().as_bytes()))?;
                Ok(writer.write_record(None::<&[u8]>)?)
            }
            Self::Parquet(parquet) => parquet.row(values),
        }
    }

    /// Writes the end of the file.
    pub fn finish(self) -> Result<OutputFile, Failure> {
        match self {
            Self::Json { mut out, rows, .. } => {
                let end = json_end_of_all(rows).map_err(|error| Failure::new(error.to_string()))?;
                out.write_all(end.as_bytes())?;
                Ok(*out)
            }
            Self::Csv(writer) => writer.into_inner().map_err(|error| error.into_error().into()),
            Self::Parquet(parquet) => parquet.finish(),
        }
    }
}
