import { setTimeout as pause } from 'node:timers/promises';
import { freePorts, type ServiceProcess, Trio, until } from '@parley/testkit';
import { BenchProcess } from './child.js';
import { makeInboxPeople } from './inbox-people.js';
import type { CrowdOrder, CrowdTally } from './load/resume-main.js';
import { type BenchRound, playInTurn, roundOf } from './rounds.js';
import type { SuitePlan, SuiteResult } from './suite.js';

/**
 * Time after the last welcome for which statements are counted, because presence is shown after it.
 */
const afterMs = 10_000;
/** Time within which every device gets a position. */
const positionMs = 6_000;
/** Maximum number of runs of a statement that does not depend on the number of people. */
const beside = 100;
const mostPairs = 3;
const line = /^parley_statements_total\{statement="(\w+)"\} (\d+)$/gm;

/** People who reconnect at once. */
export interface ResumingPeople {
  readonly people: number;
}

interface ResumeRound extends BenchRound {
  /** Statements by service and name. */
  readonly statements: ReadonlyMap<string, number>;
  /** Time until the last device had its inbox. */
  readonly allWithinMs: number;
  /** Number of Overviews that were refused, and repeated later. */
  readonly repeats: number;
}

/** Returns how often services have run each statement so far. */
async function statementsOf(services: ReadonlyMap<string, ServiceProcess>): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const [name, { admin }] of services) {
    const metrics = await (await fetch(`http://${admin}/metrics`)).text();
    for (const [, statement, count] of metrics.matchAll(line)) counts.set(`${name} ${statement}`, Number(count));
  }
  return counts;
}

/**
 * Returns the names of statements that ran more than twice for each person, as if for each of their
 * channels.
 */
function perChannel(statements: ReadonlyMap<string, number>, people: number): string[] {
  const many = [...statements].filter(([, count]) => count > 2 * people + beside);
  return many.map(([name, count]) => `${name} ran ${count} times for ${people} people`);
}

function summaryOf(ends: readonly string[]): string[] {
  return [...new Set(ends)].map((end) => `${ends.filter((one) => one === end).length} times ${end}`);
}

/** How devices come back: from their positions, or, if they have lost these, from an Overview. */
type Return = 'resume' | 'Overview';

/** Gateways that die one after the other. The clients of each come back at the next one. */
class Stampede {
  readonly #trio: Trio;
  readonly #crowd = new BenchProcess('load/resume-main.js');
  readonly #people: number;
  #adminPort: number;
  #posts: readonly number[] = [];
  #gateway: ServiceProcess | undefined;

  constructor(trio: Trio, people: number, adminPort: number) {
    this.#trio = trio;
    this.#people = people;
    this.#adminPort = adminPort;
  }

  /** Starts the services, each with an ops port of its own, and opens the inboxes of all people. */
  static async start(people: number): Promise<Stampede> {
    const port = await freePorts(3 + 2 * mostPairs);
    const env = { PARLEY_LOG_LEVEL: 'error', PARLEY_ADMIN_PORT: String(port) };
    const stampede = new Stampede(await Trio.start({ chatServers: 0, env }), people, port);
    await stampede.#open();
    return stampede;
  }

  async #open(): Promise<void> {
    await this.#trio.addChatServer(this.#nextPort());
    const { tokens, channelIds } = await makeInboxPeople(this.#trio, this.#people);
    this.#posts = tokens.map((_, at) => channelIds[(at + 102) % channelIds.length] ?? 0);
    this.#gateway = await this.#trio.startGateway(this.#nextPort());
    await this.#ask({ address: new URL(this.#gateway.http).host, tokens, atOnce: 50 });
  }

  #nextPort() {
    this.#adminPort += 1;
    return { PARLEY_ADMIN_PORT: String(this.#adminPort) };
  }

  async #ask(order: Partial<CrowdOrder>): Promise<CrowdTally> {
    const nothing = { address: '', tokens: [], atOnce: 0, asksOverview: false, posts: [] };
    return (await this.#crowd.ask<{ tally: CrowdTally }>({ ...nothing, ...order })).tally;
  }

  /** Kills the gateway, and counts the statements until everybody is back at the next one. */
  async play(how: Return): Promise<ResumeRound> {
    const former = this.#gateway as ServiceProcess;
    const next = await this.#trio.startGateway(this.#nextPort());
    const faults = how === 'resume' ? await this.#talk(former) : [];
    await this.#allAnswer(() => former.kill('SIGKILL'));
    this.#gateway = next;
    const { faults: more, ...round } = await this.#comeBack(next, how);
    return { ...round, faults: [...faults, ...more] };
  }

  /** Lets everybody post twice, so that there is something to miss. Returns what went wrong. */
  async #talk(gateway: ServiceProcess): Promise<string[]> {
    const post = () => this.#ask({ posts: this.#posts });
    const before = await statementsOf(this.#services(gateway));
    await this.#allAnswer(post);
    await pause(positionMs);
    await this.#allAnswer(post);
    const faults = perChannel(await this.#statementsSince(before, gateway), this.#people);
    return [...faults, ...summaryOf((await this.#ask({})).ends)];
  }

  /** Waits until every device has had another ack, refusal or end. */
  async #allAnswer(cause: () => unknown): Promise<void> {
    const answers = async () => {
      const { acked, ends } = await this.#ask({});
      return acked + ends.length;
    };
    const before = await answers();
    await cause();
    await until(async () => (await answers()) >= before + this.#people);
  }

  #services(gateway: ServiceProcess): ReadonlyMap<string, ServiceProcess> {
    const [[manager], [chatServer]] = [this.#trio.managers, this.#trio.chatServers];
    return new Map([
      ['gateway', gateway],
      ['chat-service', chatServer as ServiceProcess],
      ['channel-service', manager as ServiceProcess],
    ]);
  }

  async #statementsSince(before: ReadonlyMap<string, number>, gateway: ServiceProcess): Promise<Map<string, number>> {
    const now = await statementsOf(this.#services(gateway));
    return new Map([...now].map(([name, count]) => [name, count - (before.get(name) ?? 0)]));
  }

  async #comeBack(gateway: ServiceProcess, how: Return): Promise<ResumeRound> {
    const people = this.#people;
    const before = await statementsOf(this.#services(gateway));
    const beganMs = performance.now();
    const asksOverview = how === 'Overview';
    const { welcomed } = await this.#ask({ address: new URL(gateway.http).host, atOnce: people, asksOverview });
    const allWithinMs = performance.now() - beganMs;
    await pause(afterMs);
    const { ends, resets, overviews, repeats } = await this.#ask({});
    const statements = await this.#statementsSince(before, gateway);
    const sum = [...statements.values()].reduce((all, count) => all + count, 0);
    const faults = [...perChannel(statements, people), ...summaryOf(ends)];
    if (welcomed < people) faults.push(`only ${welcomed} of ${people} came back`);
    if (resets > 0) faults.push(`${resets} of ${people} were reset`);
    if (asksOverview && overviews < people) faults.push(`only ${overviews} of ${people} got their chats`);
    return { ...roundOf(sum / people, faults), statements, allWithinMs, repeats };
  }

  async stop(): Promise<void> {
    await this.#crowd.stop();
    await this.#trio.stop();
  }
}

function describe({ value, statements, allWithinMs = 0, repeats, faults }: BenchRound & Partial<ResumeRound>): string {
  const counts = [...(statements ?? [])].filter(([, count]) => count > 0).sort(([, one], [, other]) => other - one);
  return [
    `${value.toFixed(2)} statements per person`,
    `everybody is back after ${(allWithinMs / 1_000).toFixed(1)} s`,
    `${repeats} Overviews were refused and repeated`,
    ...faults,
    counts.map((pair) => pair.join(' ')).join(', '),
  ].join('; ');
}

/**
 * Counts the statements when the clients of a gateway that has died come back at another one: from
 * their positions, and without positions.
 */
export async function benchResumes({ pairs, people, log }: SuitePlan & ResumingPeople): Promise<SuiteResult> {
  const stampede = await Stampede.start(people);
  try {
    const ways: readonly Return[] = ['resume', 'Overview'];
    const players = new Map(ways.map((how) => [how, () => stampede.play(how)]));
    const turns = { name: 'resumes', pairs: Math.min(pairs, mostPairs), warmUps: 0, log, describe };
    const rounds = await playInTurn(players, turns);
    const description = `${people} people of a gateway that has died come back at another one, at once`;
    return {
      shape: 'resumes',
      description,
      figure: 'statements per person',
      lowerIsBetter: true,
      rounds,
      base: 'resume',
    };
  } finally {
    await stampede.stop();
  }
}
