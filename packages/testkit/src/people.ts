import { randomUUID } from 'node:crypto';
import { DatabaseClock, type Pool } from '@parley/database';
import { SigningKey, type UserClaims, userAudience, userToken } from '@parley/service-kit';
import { openTestPool, type TestDatabase } from './test-database.js';
import { insist } from './until.js';

/** A user with an account, a session and a token. */
export interface TestPerson {
  readonly id: string;
  readonly number: number;
  readonly sessionId: string;
  readonly token: string;
}

/** Creates accounts by SQL, thousands if needed, with tokens as Login issues them. */
export class People {
  readonly #owner: Pool;
  readonly #signer: Pool;
  readonly #key: SigningKey<UserClaims>;

  private constructor(owner: Pool, signer: Pool, key: SigningKey<UserClaims>) {
    this.#owner = owner;
    this.#signer = signer;
    this.#key = key;
  }

  /** Opens connections as the owner and as the user-service, whose signing key it uses. */
  static async open(database: Pick<TestDatabase, 'ownerUrl' | 'urlFor'>): Promise<People> {
    const owner = openTestPool(database.ownerUrl, 2, 'test people');
    const signer = openTestPool(database.urlFor('chat_user'), 1, 'test people');
    const clock = await DatabaseClock.start(signer);
    return new People(owner, signer, new SigningKey(userToken, randomUUID(), signer, clock));
  }

  /** Creates a user whose account is two days old. No password matches it. */
  async make(id: string, role: 'user' | 'admin' = 'user'): Promise<TestPerson> {
    const [row] = await this.sql(
      `INSERT INTO chat.users (id, name, password_hash, role, created_at)
       VALUES ($1, $1, '!', $2, now() - interval '2 days') RETURNING number`,
      [id, role],
    );
    return this.login({ id, number: Number(row?.number) }, role);
  }

  /** Opens another session of a user. */
  async login({ id, number }: Pick<TestPerson, 'id' | 'number'>, role = 'user'): Promise<TestPerson> {
    const opened = "INSERT INTO chat.session (user_id, expires_at) VALUES ($1, now() + interval '1 day') RETURNING id";
    const [row] = await this.sql(opened, [id]);
    const sessionId = String(row?.id);
    const token = await this.#key.sign({ sub: id, num: number, name: id, role, sid: sessionId }, userAudience);
    return { id, number, sessionId, token };
  }

  /** Creates `count` users named `<prefix>-1`, `<prefix>-2` and so on. */
  async makeMany(prefix: string, count: number): Promise<TestPerson[]> {
    const people: TestPerson[] = [];
    for (let n = 1; n <= count; n++) people.push(await this.make(`${prefix}-${n}`));
    return people;
  }

  /** Runs SQL as the database owner. */
  async sql(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    return (await insist(() => this.#owner.query<Record<string, unknown>>(text, values))).rows;
  }

  async close(): Promise<void> {
    await Promise.all([this.#owner.end(), this.#signer.end()]);
  }
}
