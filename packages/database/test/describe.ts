import type pg from 'pg';

/** A statement as PostgreSQL describes it after preparing it. */
export interface StatementDescription {
  /** Object ids of the types of `$1`, `$2`, ... */
  readonly parameterTypes: readonly number[];
  readonly columns: readonly DescribedColumn[];
}

export interface DescribedColumn {
  readonly name: string;
  readonly dataTypeID: number;
  /** Object id of the table that the column comes from; 0 for an expression. */
  readonly tableID: number;
  readonly columnID: number;
}

interface WireConnection {
  parse(query: { name: string; text: string }): void;
  describe(of: { type: 'S'; name: string }): void;
  sync(): void;
  once(event: 'parameterDescription', listener: (message: { dataTypeIDs: number[] }) => void): void;
}

/** Query that sends only Parse and Describe, for which pg has no call. */
class DescribeQuery {
  readonly #text: string;
  readonly #done: (outcome: StatementDescription | Error) => void;
  #parameterTypes: readonly number[] = [];
  #columns: readonly DescribedColumn[] = [];

  constructor(text: string, done: (outcome: StatementDescription | Error) => void) {
    this.#text = text;
    this.#done = done;
  }

  submit(connection: WireConnection): void {
    connection.once('parameterDescription', ({ dataTypeIDs }) => {
      this.#parameterTypes = dataTypeIDs;
    });
    connection.parse({ name: '', text: this.#text });
    connection.describe({ type: 'S', name: '' });
    connection.sync();
  }

  handleRowDescription({ fields }: { fields: DescribedColumn[] }): void {
    this.#columns = fields;
  }

  handleError(error: Error): void {
    this.#done(error);
  }

  handleReadyForQuery(): void {
    this.#done({ parameterTypes: this.#parameterTypes, columns: this.#columns });
  }
}

/**
 * Prepares a statement and returns PostgreSQL's description of it.
 * @throws the database error.
 */
export function describeStatement(client: pg.PoolClient, text: string): Promise<StatementDescription> {
  return new Promise((resolve, reject) => {
    const done = (outcome: StatementDescription | Error) =>
      outcome instanceof Error ? reject(outcome) : resolve(outcome);
    client.query(new DescribeQuery(text, done) as unknown as pg.Submittable);
  });
}
