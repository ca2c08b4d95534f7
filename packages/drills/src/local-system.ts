import { type RunFacts, readRunFacts, type ServiceFacts } from '@parley/cli';
import { findEmbedded, readSecrets, roleUrl, type ServiceRole } from '@parley/database';
import { People } from '@parley/testkit';
import { eventually } from './eventually.js';
import { type DrillPerson, freshPrefix } from './person.js';
import type { PostgresPair } from './postgres-pair.js';

export type ServiceKind = 'user-service' | 'channel-service' | 'chat' | 'gateway';

/** Moves the channels $1 to the chat server at the address $2, as a claim would. */
const placeAt = `WITH there AS (
    SELECT instance_id FROM chat.server WHERE addr = $2 AND state = 'serving' AND lease_until > now() ORDER BY started_at DESC LIMIT 1
  ), moved AS (
    UPDATE chat.channel_head h SET instance_id = there.instance_id, epoch = h.epoch + 1 FROM there
    WHERE h.channel_id = ANY ($1) AND h.instance_id IS DISTINCT FROM there.instance_id RETURNING 1
  )
  SELECT (SELECT count(*) FROM moved) AS moved, count(*) AS seats FROM chat.seat x JOIN there USING (instance_id)
  JOIN chat.channel_head h ON h.channel_id = x.channel_id AND h.epoch = x.epoch WHERE x.live AND x.channel_id = ANY ($1)`;

/** Finds a draining chat server among the newest instances at the addresses $1. */
const draining = `SELECT name FROM (
    SELECT DISTINCT ON (addr) name, state FROM chat.server WHERE addr = ANY ($1) ORDER BY addr, started_at DESC
  ) newest WHERE state = 'draining' ORDER BY name LIMIT 1`;

/** Finds the addresses of the gateways that serve. */
const servingGateways = `SELECT DISTINCT ON (name) name, http_addr AS http, grpc_addr AS grpc FROM chat.gateway
  WHERE state = 'serving' AND lease_until > now() ORDER BY name, started_at DESC`;

/** Finds the gateway with the most inboxes. */
const fullest = `SELECT name FROM chat.gateway WHERE state = 'serving' AND lease_until > now()
  ORDER BY inboxes DESC, name LIMIT 1`;

/** Finds the chat server that owns most of the channels $1. */
const busiest = `SELECT s.addr FROM chat.channel_head h JOIN chat.server s USING (instance_id)
  WHERE h.channel_id = ANY ($1) GROUP BY s.addr ORDER BY count(*) DESC LIMIT 1`;

const traces = [
  'DELETE FROM chat.message WHERE channel_id IN (SELECT id FROM chat.channel WHERE owner_id LIKE $1)',
  'DELETE FROM chat.channel WHERE owner_id LIKE $1',
  'DELETE FROM chat.users WHERE id LIKE $1',
];

/** Facts about a system on this machine. */
export interface SystemSource {
  /** Reads the processes that run now. */
  readonly facts: () => Promise<RunFacts>;
  /** Returns the URL of the database for the role of a service. */
  readonly urlFor: (role: ServiceRole, ownerUrl: string) => string;
  /** Finds the embedded PostgreSQL, if there is one. */
  readonly embedded: () => Promise<{ readonly pid: number; readonly url: string } | undefined>;
  /** The database, if it is a primary with a standby of the drill. */
  readonly pair?: PostgresPair;
}

/** The system that `npm start` runs on this machine, with access to its processes and database. */
export class LocalSystem {
  readonly local = this;
  readonly userService: string;
  readonly managers: readonly string[];
  readonly #source: SystemSource;
  readonly #people: People;
  readonly #prefix = freshPrefix();
  /** Number of times that users were created. */
  #groups = 0;

  private constructor(source: SystemSource, { services }: RunFacts, people: People) {
    this.#source = source;
    this.#people = people;
    this.userService = ofKind(services, 'user-service')[0]?.address ?? '';
    this.managers = ofKind(services, 'channel-service').map(({ address }) => address);
  }

  /**
   * Opens the system of a data folder. `pair` is its database, if the drill made it.
   * @throws {Error} if none runs
   */
  static async open(dataDir: string, pair?: PostgresPair): Promise<LocalSystem> {
    const secrets = await readSecrets(dataDir);
    return LocalSystem.of({
      facts: () => readRunFacts(dataDir),
      urlFor: (role, ownerUrl) => roleUrl(ownerUrl, role, secrets[role]),
      embedded: async () => findEmbedded(dataDir),
      ...(pair !== undefined && { pair }),
    });
  }

  /** Opens a system whose processes may be replaced. */
  static async of(source: SystemSource): Promise<LocalSystem> {
    const facts = await source.facts();
    const urlFor = (role: ServiceRole) => source.urlFor(role, facts.database);
    const people = await People.open({ ownerUrl: facts.database, urlFor });
    return new LocalSystem(source, facts, people);
  }

  /** The database, if it is a primary with a standby of the drill. */
  get pair(): PostgresPair | undefined {
    return this.#source.pair;
  }

  /**
   * Checks that no chat server is draining, because a drill needs all of them.
   * @throws {Error} if one is
   */
  async refuseDraining(): Promise<void> {
    const addresses = (await this.processes('chat')).map(({ address }) => address);
    const [found] = await this.sql(draining, [addresses]);
    if (found !== undefined) throw new Error(`${found.name} is draining. Restart it with \`kill <pid>\` first.`);
  }

  /** Creates logged-in users by SQL. */
  async makePeople(count: number): Promise<DrillPerson[]> {
    this.#groups += 1;
    return this.#people.makeMany(`${this.#prefix}-${this.#groups}`, count);
  }

  /** Deletes the users of the drill with their channels and messages. */
  async clear(): Promise<void> {
    for (const statement of traces) await this.sql(statement, [`${this.#prefix}-%`]);
    await this.#people.close();
  }

  /** Closes the connections to the database. */
  close(): Promise<void> {
    return this.#people.close();
  }

  #readFacts(): Promise<RunFacts> {
    return this.#source.facts();
  }

  /** Returns the current processes of a kind. */
  async processes(kind: ServiceKind): Promise<ServiceFacts[]> {
    return ofKind((await this.#readFacts()).services, kind);
  }

  /** Returns the addresses of the gateways. */
  async gateways(): Promise<{ name: string; http: string; grpc: string }[]> {
    const rows = await this.sql(servingGateways);
    return rows.map(({ name, http, grpc }) => ({ name: String(name), http: String(http), grpc: String(grpc) }));
  }

  /**
   * Returns the process of the chat server that owns most of the channels.
   * @throws {Error} if none owns any
   */
  async busiestOwner(channels: readonly number[]): Promise<ServiceFacts> {
    const [found] = await this.sql(busiest, [channels]);
    const owner = (await this.processes('chat')).find(({ address }) => address === found?.addr);
    if (owner === undefined) throw new Error('No chat server owns a channel of the drill.');
    return owner;
  }

  /**
   * Returns the process of the gateway that last reported the most inboxes.
   * @throws {Error} if none serves
   */
  async fullestGateway(): Promise<ServiceFacts> {
    const [found] = await this.sql(fullest);
    const gateway = (await this.processes('gateway')).find(({ name }) => name === found?.name);
    if (gateway === undefined) throw new Error('No gateway serves.');
    return gateway;
  }

  /** Returns the pid of `npm start`. */
  async supervisorPid(): Promise<number> {
    return (await this.#readFacts()).pid;
  }

  /** Resolves once a process has been restarted and listens. */
  async replaced({ name, pid }: ServiceFacts): Promise<void> {
    const isNew = async () => (await this.#readFacts()).services.some((one) => one.name === name && one.pid !== pid);
    await eventually(`${name} has restarted`, isNew);
  }

  /** Returns the pid of the embedded PostgreSQL, or undefined if `npm start` uses another one. */
  async databasePid(): Promise<number | undefined> {
    const found = await this.#source.embedded();
    return found?.url === (await this.#readFacts()).database ? found.pid : undefined;
  }

  async databaseUrl(role: ServiceRole): Promise<string> {
    return this.#source.urlFor(role, (await this.#readFacts()).database);
  }

  /** Returns the URL of the database, as its owner. */
  async ownerUrl(): Promise<string> {
    return (await this.#readFacts()).database;
  }

  /** Waits until the database responds. */
  databaseAnswers(): Promise<void> {
    return eventually('the database responds', async () => (await this.sql('SELECT 1')).length === 1);
  }

  /**
   * Moves the channels to the chat server at `addr`. Resolves once `people` users are seated there.
   */
  async place(channels: readonly number[], addr: string, people: number): Promise<void> {
    await eventually(`${people} users are seated at ${addr}`, async () => {
      const [found] = await this.sql(placeAt, [channels, addr]);
      return Number(found?.moved) === 0 && Number(found?.seats) >= people;
    });
  }

  sql(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    return this.#people.sql(text, values);
  }
}

function ofKind(services: readonly ServiceFacts[], kind: ServiceKind): ServiceFacts[] {
  return services.filter(({ name }) => name.startsWith(kind));
}
