import type { RecordedHistory } from '@parley/testkit';
import { InboxLoad } from '../inbox-load.js';
import type { Links } from '../links.js';
import { type DrillLoad, Load, type LoadShape } from '../load.js';
import type { System } from '../system.js';
import { SignedInPeople } from './signed-in.js';

const signedInCount = 10;

/**
 * The load of an upgrade: users with inboxes at gateways, users with streams at chat servers, and
 * users who call the services with their logins.
 */
export class UpgradeLoad implements DrillLoad {
  readonly #inboxes: InboxLoad;
  readonly #streams: Load;
  readonly #signedIn = new SignedInPeople();

  /** @param rate messages per second of both kinds of users together */
  constructor(rate: number) {
    this.#inboxes = new InboxLoad(rate / 2);
    this.#streams = new Load(rate / 2);
  }

  get talkers(): DrillLoad['talkers'] {
    return [...this.#inboxes.talkers, ...this.#streams.talkers];
  }

  get rooms(): DrillLoad['rooms'] {
    return [...this.#inboxes.rooms, ...this.#streams.rooms];
  }

  get spareUsers(): DrillLoad['spareUsers'] {
    return this.#inboxes.spareUsers;
  }

  async start(system: System, links: Links, shape: LoadShape): Promise<void> {
    await this.#signedIn.enter(system, signedInCount);
    await this.#inboxes.start(system, links, shape);
    await this.#streams.start(system, links, shape, 0);
  }

  talk(): void {
    this.#inboxes.talk();
    this.#streams.talk();
    this.#signedIn.start();
  }

  async allAcked(since: number, withinMs: number): Promise<boolean> {
    const served = [this.#inboxes, this.#streams].map((one) => one.allAcked(since, withinMs));
    return (await Promise.all(served)).every(Boolean);
  }

  /** Allows streams at a gateway to end. Returns a function that ends this permission. */
  excuse(gateway: string): () => void {
    return this.#inboxes.excuse(gateway);
  }

  async settle(): Promise<string[]> {
    await this.#signedIn.stop();
    return (await Promise.all([this.#inboxes.settle(), this.#streams.settle()])).flat();
  }

  async histories(): Promise<RecordedHistory[]> {
    return (await Promise.all([this.#inboxes.histories(), this.#streams.histories()])).flat();
  }

  complaints(): string[] {
    const { refused, logins, unservedAtEnd } = this.#signedIn;
    return [
      ...this.#inboxes.complaints(),
      ...this.#streams.talkers.flatMap(({ name, refused: sends }) =>
        sends.map((one) => `a send of ${name} was refused: ${one}`),
      ),
      ...[...new Set(refused)].map((reason) => `${refused.filter((one) => one === reason).length} calls: ${reason}`),
      ...unservedAtEnd,
      ...(logins === 0 ? ['nobody could log in'] : []),
    ];
  }

  counts(): Readonly<Record<string, number>> {
    const { calls, logins, unserved, refused } = this.#signedIn;
    return {
      ...this.#inboxes.counts(),
      'calls with an earlier login': calls,
      logins,
      'calls that were tried again': unserved,
      'calls that were refused, as if signed out': refused.length,
    };
  }

  async leave(): Promise<void> {
    await Promise.all([this.#signedIn.leave(), this.#inboxes.leave(), this.#streams.leave()]);
  }
}
