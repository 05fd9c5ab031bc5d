-- Nothing to undo: the order goes with its column, and a second fill finds these rows filled.
SELECT;
