SELECT $1::int8 * 2 AS twice
