//! The operations of a path.

use utoipa::openapi::PathItem;
use utoipa::openapi::path::Operation;

/// Returns the operations of `item`, by the methods that our routes use.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten()
}
