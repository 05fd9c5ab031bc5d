//! Writes Parquet without Arrow: one flat group of optional columns. Only one row group at a time is in memory.

use std::sync::Arc;

use export::value::{Column, Kind, Value};
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use crate::failure::Failure;
use crate::output::OutputFile;

/// Limits of a row group, whichever is reached first.
const ROWS_PER_GROUP: usize = 50_000;
const BYTES_PER_GROUP: usize = 8 << 20;

/// A Parquet file that is written one row group at a time.
pub struct Parquet {
    writer: SerializedFileWriter<OutputFile>,
    columns: Vec<Gathered>,
    rows: usize,
    bytes: usize,
}

impl Parquet {
    pub fn new(out: OutputFile, columns: &[Column]) -> Result<Self, Failure> {
        let fields = columns.iter().map(field).collect::<Result<_, _>>()?;
        let schema = Type::group_type_builder("rows").with_fields(fields).build()?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))?;
        let columns = columns.iter().map(|column| Gathered::of(column.kind)).collect();
        Ok(Self { writer, columns, rows: 0, bytes: 0 })
    }

    pub fn row(&mut self, values: &[Value<'_>]) -> Result<(), Failure> {
        self.rows += 1;
        self.bytes += self.columns.iter_mut().zip(values).map(|(column, value)| column.push(value)).sum::<usize>();
        if self.rows >= ROWS_PER_GROUP || self.bytes >= BYTES_PER_GROUP { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<(), Failure> {
        let mut group = self.writer.next_row_group()?;
        self.columns.iter_mut().try_for_each(|column| column.write(&mut group))?;
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }

    pub fn finish(mut self) -> Result<OutputFile, Failure> {
        if self.rows > 0 {
            self.write_group()?;
        }
        Ok(self.writer.into_inner()?)
    }
}

fn field(column: &Column) -> Result<TypePtr, ParquetError> {
    let (physical, logical) = match column.kind {
        Kind::Boolean => (Physical::BOOLEAN, None),
        Kind::Integer => (Physical::INT64, None),
        Kind::Unsigned => (Physical::INT64, Some(LogicalType::integer(64, false))),
        Kind::Float => (Physical::DOUBLE, None),
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Json => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
        Kind::Date => (Physical::INT32, Some(LogicalType::Date)),
        Kind::Timestamp => (Physical::INT64, Some(LogicalType::timestamp(false, TimeUnit::MICROS))),
        Kind::TimestampUtc => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
    };
    let field = Type::primitive_type_builder(&column.name, physical).with_logical_type(logical);
    Ok(Arc::new(field.with_repetition(Repetition::OPTIONAL).build()?))
}

/// Buffered values of one column.
struct Gathered {
    values: Values,
    /// For each row 1 if there is a value, otherwise 0.
    definitions: Vec<i16>,
}

enum Values {
    Boolean(Vec<bool>),
    Integer(Vec<i64>),
    Float(Vec<f64>),
    Text(Vec<ByteArray>),
    Date(Vec<i32>),
}

impl Gathered {
    fn of(kind: Kind) -> Self {
        let values = match kind {
            Kind::Boolean => Values::Boolean(Vec::new()),
            Kind::Integer | Kind::Unsigned | Kind::Timestamp | Kind::TimestampUtc => Values::Integer(Vec::new()),
            Kind::Float => Values::Float(Vec::new()),
            Kind::Text | Kind::Json => Values::Text(Vec::new()),
            Kind::Date => Values::Date(Vec::new()),
        };
        Self { values, definitions: Vec::new() }
    }

    /// Adds a value; returns its size in bytes.
    fn push(&mut self, value: &Value<'_>) -> usize {
        let is_there = self.values.push(value);
        self.definitions.push(is_there.into());
        size_of::<i16>()
            + match value {
                _ if !is_there => 0,
                Value::Text(text) => size_of::<ByteArray>() + text.len(),
                Value::Json(json) => size_of::<ByteArray>() + json.len(),
                _ => size_of::<i64>(),
            }
    }

    fn write(&mut self, group: &mut SerializedRowGroupWriter<'_, OutputFile>) -> Result<(), Failure> {
        let definitions = std::mem::take(&mut self.definitions);
        match &mut self.values {
            Values::Boolean(values) => write::<BoolType>(group, &std::mem::take(values), &definitions),
            Values::Integer(values) => write::<Int64Type>(group, &std::mem::take(values), &definitions),
            Values::Float(values) => write::<DoubleType>(group, &std::mem::take(values), &definitions),
            Values::Text(values) => write::<ByteArrayType>(group, &std::mem::take(values), &definitions),
            Values::Date(values) => write::<Int32Type>(group, &std::mem::take(values), &definitions),
        }
    }
}

fn write<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, OutputFile>,
    values: &[T::T],
    definitions: &[i16],
) -> Result<(), Failure> {
    if let Some(mut column) = group.next_column()? {
        column.typed::<T>().write_batch(values, Some(definitions), None)?;
        column.close()?;
    }
    Ok(())
}

impl Values {
    /// Adds a value; returns whether there was one.
    #[expect(clippy::cast_precision_loss, reason = "a whole number in a column of fractions")]
    #[expect(
        clippy::cast_possible_wrap,
        reason = "UINT_64 is stored as INT64 of the same bits (parquet-format, LogicalTypes)"
    )]
    fn push(&mut self, value: &Value<'_>) -> bool {
        match (self, value) {
            (Self::Boolean(values), Value::Boolean(value)) => values.push(*value),
            (Self::Integer(values), Value::Integer(number)) => values.push(*number),
            (Self::Integer(values), Value::Unsigned(number)) => values.push(*number as i64),
            (Self::Integer(values), Value::Timestamp(time)) => values.push(time.and_utc().timestamp_micros()),
            (Self::Integer(values), Value::TimestampUtc(time)) => values.push(time.timestamp_micros()),
            (Self::Float(values), Value::Float(number)) => values.push(*number),
            (Self::Float(values), Value::Integer(number)) => values.push(*number as f64),
            (Self::Text(values), Value::Text(text)) => values.push(ByteArray::from(&**text)),
            (Self::Text(values), Value::Json(json)) => values.push(ByteArray::from(*json)),
            (Self::Date(values), Value::Date(date)) => values.push(date.to_epoch_days()),
            _ => return false,
        }
        true
    }
}

impl From<ParquetError> for Failure {
    fn from(error: ParquetError) -> Self {
        match error {
            ParquetError::External(cause) => match cause.downcast::<std::io::Error>() {
                Ok(error) => (*error).into(),
                Err(cause) => Self::new(format!("Parquet: {cause}")),
            },
            error => Self::new(error.to_string()),
        }
    }
}
