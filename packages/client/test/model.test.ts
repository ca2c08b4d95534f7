import fc from 'fast-check';
import type { LogPosition } from '../src/core/bookmark.js';
import { type QueuedSend, SendExchange, type Step } from '../src/core/exchange.js';
import { type Down, ModelServer, type Up } from './model-server.js';

type Refused = { readonly retryAfterMs: number };

const everyday = ['send', 'other', 'work', 'deliver', 'again', 'kill', 'connect', 'tick', 'refuse', 'mute'] as const;
const roomLife = [...everyday, 'restart', 'forget', 'hole'] as const;
type Command = (typeof roomLife)[number];

/** Drives the client's state machine against the model server, command by command. */
class Run {
  readonly server = new ModelServer();
  readonly client: SendExchange<Up, QueuedSend, Refused>;
  readonly sent: string[] = [];
  readonly answers: { readonly clientId: string; readonly seq: number; readonly log: string }[] = [];
  /** Everything the user sees, in order. */
  readonly seen: (QueuedSend | { readonly from: number; readonly to: number } | LogPosition)[] = [];
  nowMs = 0;

  constructor(inFlight: number) {
    this.client = new SendExchange({
      inFlight,
      holdOf: ({ retryAfterMs }) => ({ forMs: retryAfterMs, laneOnly: false }),
    });
  }

  readonly do: Readonly<Record<Command, () => void>> = {
    send: () => this.#send(`id-${this.sent.length + 1}`),
    other: () => this.server.otherSays(),
    work: () => this.server.work(),
    deliver: () => this.#deliver(this.server.next(false)),
    again: () => this.#deliver(this.server.next(true)),
    connect: () => this.#connect(),
    tick: () => this.#pass(60),
    refuse: () => this.server.refuseNext(),
    mute: () => this.server.muteNext(),
    forget: () => this.server.forget(),
    hole: () => this.server.dropEntry(),
    kill: () => this.#lose(() => this.server.kill()),
    restart: () => this.#lose(() => this.server.restart()),
  };

  /** Stops all faults and runs until nothing is left to do. */
  settle(): void {
    this.server.calm();
    const calm: Command[] = ['connect', 'work', 'deliver', 'tick'];
    this.do.connect();
    this.do.other(); // This reveals a hole at the end.
    for (let n = 0; n < 200; n++) for (const command of calm) this.do[command]();
  }

  #pass(ms: number): void {
    this.nowMs += ms;
    this.#take(this.client.tick(this.nowMs));
  }

  #lose(how: () => void): void {
    this.client.lost();
    how();
  }

  #send(clientId: string): void {
    this.sent.push(clientId);
    this.#take(this.client.send({ clientId, bytes: 1, frame: { clientId }, lane: 'say' }, this.nowMs) ?? []);
  }

  #connect(): void {
    if (!this.server.connected) this.server.connect(this.client.place);
  }

  #deliver(down: Down | undefined): void {
    if (down === undefined) return;
    const { client, nowMs } = this;
    if ('opening' in down) this.#take(client.open(down.opening, nowMs));
    else if ('entry' in down) this.#take(client.entry(down.entry, nowMs));
    else this.#take(client.answer(down.answer, nowMs));
  }

  #take(steps: readonly Step<Up, QueuedSend, Refused>[]): void {
    for (const step of steps) {
      if (step.do === 'write') this.server.send(step.frame);
      else if (step.do === 'deliver') this.seen.push(step.entry);
      else if (step.do === 'resolve') this.answers.push({ ...step, log: this.client.place?.log ?? '' });
      else if (step.do === 'notify' && step.notice.type === 'gap') this.seen.push(step.notice);
      else if (step.do === 'notify' && step.notice.type === 'reset') this.seen.push(step.notice.place);
    }
  }
}

function play(commands: readonly Command[], inFlight = 1, remembers = true): Run {
  const run = new Run(inFlight);
  run.server.remembers = remembers;
  run.server.otherSays();
  for (const one of ['connect', 'deliver', ...commands] as const) run.do[one]();
  run.settle();
  return run;
}

/**
 * Checks that each step begins where the last ended, and that the whole log was seen or reported.
 */
function checkSeen({ seen, server }: Run): void {
  let last = 1;
  for (const one of seen) {
    if ('log' in one) last = one.seq;
    else {
      expect('from' in one ? one.from : one.seq).toBe(last + 1);
      last = 'to' in one ? one.to : one.seq;
    }
  }
  expect(last).toBe(server.entries.length);
}

function checkAnswers({ sent, answers }: Run): void {
  expect(answers.map(({ clientId }) => clientId).toSorted()).toEqual(sent.toSorted());
}

const runs = { numRuns: 1_000 };
const lives = (commands: readonly Command[]) => fc.array(fc.constantFrom(...commands), { maxLength: 80 });

test('with a durable log, gives every send one seq and delivers every entry once, in order, without a gap', () => {
  const property = fc.property(lives(everyday), (commands) => {
    const run = play(commands);
    checkAnswers(run);
    checkSeen(run);
    expect(run.seen.every((one) => 'own' in one)).toBe(true);
    const own = run.server.entries.filter((entry) => entry.own);
    expect(own.map(({ clientId }) => clientId)).toEqual(run.sent);
    for (const { clientId, seq } of run.answers) expect(run.server.entries[seq - 1]?.clientId).toBe(clientId);
  });
  fc.assert(property, runs);
});

test('if every resume is complete, sends nothing twice even to a server that forgets every client id', () => {
  const property = fc.property(lives(everyday), fc.integer({ min: 1, max: 4 }), (commands, inFlight) => {
    const run = play(commands, inFlight, false);
    checkAnswers(run);
    const own = run.server.entries.filter((entry) => entry.own).map(({ clientId }) => clientId);
    expect(own.toSorted()).toEqual(run.sent.toSorted());
  });
  fc.assert(property, runs);
});

test('after the loss of a log, reports every missed entry and gives every send one seq', () => {
  const property = fc.property(lives(roomLife), fc.integer({ min: 1, max: 4 }), (commands, inFlight) => {
    const run = play(commands, inFlight);
    checkAnswers(run);
    checkSeen(run);
    for (const { clientId, seq, log } of run.answers.filter((one) => one.log === run.server.log)) {
      expect([log, run.server.entries[seq - 1]?.clientId]).toEqual([run.server.log, clientId]);
    }
  });
  fc.assert(property, runs);
});
