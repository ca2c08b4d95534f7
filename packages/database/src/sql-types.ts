/**
 * A PostgreSQL type of a parameter or a column, with the TypeScript types of its values: read as
 * `Output`, passed as `Input`. The parsers of `createPool` produce these outputs.
 */
export class SqlType<Output, Input = Output> {
  declare readonly output: Output;
  declare readonly input: Input;
  /** Name as PostgreSQL's `format_type` writes it. */
  readonly name: string;
  readonly isNullable: boolean;

  constructor(name: string, isNullable = false) {
    this.name = name;
    this.isNullable = isNullable;
  }

  /** Returns the same type with a narrower TypeScript type, for example a union of the values. */
  as<Narrow extends Output & Input>(): SqlType<Narrow> {
    return new SqlType(this.name, this.isNullable);
  }
}

export const bool = new SqlType<boolean>('boolean');
export const int2 = new SqlType<number>('smallint');
export const int4 = new SqlType<number>('integer');
/** Type `bigint`, read as a number that is exact up to 2^53. */
export const int8 = new SqlType<number>('bigint');
export const float4 = new SqlType<number>('real');
export const float8 = new SqlType<number>('double precision');
export const numeric = new SqlType<number>('numeric');
/** Type `text`, also used for `varchar`. */
export const text = new SqlType<string>('text');
export const uuid = new SqlType<string>('uuid');
export const bytea = new SqlType<Buffer, Uint8Array>('bytea');
/** Type `timestamptz`, read as a Date. `infinity` is read as the last possible Date. */
export const timestamptz = new SqlType<Date>('timestamp with time zone');

/**
 * Returns the type `json` with values of type `Value`. Pass an object unchanged, but an array as
 * JSON text.
 */
export function json<Value>(): SqlType<Value> {
  return new SqlType('json');
}

/**
 * Returns the type `jsonb` with values of type `Value`. Pass an object unchanged, but an array as
 * JSON text.
 */
export function jsonb<Value>(): SqlType<Value> {
  return new SqlType('jsonb');
}

/** Returns an enumeration type of the database, such as `chat.channel_kind`. */
export function enumeration<Value extends string>(name: string): SqlType<Value> {
  return new SqlType(name);
}

export function array<Output, Input>(item: SqlType<Output, Input>): SqlType<Output[], readonly Input[]> {
  return new SqlType(`${item.name}[]`);
}

/** Returns the type with NULL allowed. A parameter may then also be undefined. */
export function nullable<Output, Input>(
  type: SqlType<Output, Input>,
): SqlType<Output | null, Input | null | undefined> {
  return new SqlType(type.name, true);
}

type AllNullable<Fields extends Readonly<Record<string, SqlType<unknown>>>> = {
  readonly [Name in keyof Fields]: SqlType<Fields[Name]['output'] | null, Fields[Name]['input'] | null | undefined>;
};

/** Returns the fields with NULL allowed in each. */
export function allNullable<Fields extends Readonly<Record<string, SqlType<unknown>>>>(
  fields: Fields,
): AllNullable<Fields> {
  const entries = Object.entries(fields).map(([name, type]) => [name, nullable(type)]);
  return Object.fromEntries(entries) as AllNullable<Fields>;
}
