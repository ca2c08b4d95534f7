import fc from 'fast-check';
import { Lease } from './lease.js';

const runs = { numRuns: 500, seed: 42 };
const lifeMs = 2_500;

/**
 * A machine: its two clocks, true time, the requests in flight, and the end of the lease in the
 * database. Suspending the machine stops the monotonic clock; setting the clock changes the other
 * one.
 */
class Machine {
  readonly lease = new Lease(lifeMs);
  #trueMs = 0;
  #monotonicMs = 0;
  #wallMs = 1_000_000;
  /** True time until which the database certainly grants the lease. */
  #grantedUntilMs = Number.NEGATIVE_INFINITY;
  readonly #requests: { moment: ReturnType<Machine['now']>; sentMs: number }[] = [];

  now() {
    return { monotonicMs: this.#monotonicMs, wallMs: this.#wallMs };
  }

  run(ms: number): void {
    this.#trueMs += ms;
    this.#monotonicMs += ms;
    this.#wallMs += ms;
  }

  suspend(ms: number): void {
    this.#trueMs += ms;
    this.#wallMs += ms;
  }

  setClock(ms: number): void {
    this.#wallMs += ms;
  }

  send(): void {
    this.#requests.push({ moment: this.now(), sentMs: this.#trueMs });
  }

  /**
   * Confirms a request. The database granted it at the earliest when it was sent, and at the latest
   * when its response arrives.
   */
  confirm(which: number): void {
    const [request] = this.#requests.splice(which % Math.max(1, this.#requests.length), 1);
    if (request === undefined) return;
    this.lease.confirm(request.moment);
    this.#grantedUntilMs = Math.max(this.#grantedUntilMs, request.sentMs + lifeMs);
  }

  end(): void {
    this.lease.end();
    this.#grantedUntilMs = Number.NEGATIVE_INFINITY;
  }

  get isOwnerInTruth(): boolean {
    return this.#trueMs < this.#grantedUntilMs;
  }
}

const ms = fc.integer({ min: 1, max: 4_000 });
const common = [
  { weight: 4, arbitrary: fc.record({ do: fc.constant('run' as const), ms }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('send' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('confirm' as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const) }) },
];
const suspended = { weight: 2, arbitrary: fc.record({ do: fc.constant('suspend' as const), ms }) };
const setClock = {
  weight: 2,
  arbitrary: fc.record({ do: fc.constant('set' as const), by: fc.integer({ min: -90_000, max: 90_000 }) }),
};

type Step =
  | { do: 'run' | 'suspend'; ms: number }
  | { do: 'send' | 'end' }
  | { do: 'confirm'; which: number }
  | { do: 'set'; by: number };

function take(machine: Machine, step: Step): void {
  if (step.do === 'run') machine.run(step.ms);
  else if (step.do === 'suspend') machine.suspend(step.ms);
  else if (step.do === 'send') machine.send();
  else if (step.do === 'confirm') machine.confirm(step.which);
  else if (step.do === 'set') machine.setClock(step.by);
  else machine.end();
}

test.each([
  ['suspended', suspended],
  ['given another time', setClock],
])('a machine that is %s never holds a lease that has lapsed', (_how, disturbance) => {
  const steps = fc.array(fc.oneof(...common, disturbance) as fc.Arbitrary<Step>, { maxLength: 40, size: 'max' });
  fc.assert(
    fc.property(steps, (taken) => {
      const machine = new Machine();
      for (const step of taken) {
        take(machine, step);
        if (machine.lease.holds(machine.now())) expect(machine.isOwnerInTruth).toBe(true);
      }
    }),
    runs,
  );
});

test('a machine with steady clocks holds its latest confirmed lease until it lapses', () => {
  fc.assert(
    fc.property(fc.nat(5_000), fc.nat(5_000), (answerMs, laterMs) => {
      const machine = new Machine();
      machine.send();
      machine.run(answerMs);
      machine.confirm(0);
      machine.run(laterMs);
      expect(machine.lease.holds(machine.now())).toBe(answerMs + laterMs < lifeMs);
    }),
    runs,
  );
});
