import { randomBytes } from 'node:crypto';
import { createClient } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import type { LocalSystem } from './local-system.js';
import { type DrillPerson, freshPrefix } from './person.js';

/** A running Parley, with the facts that its clients know. */
export interface System {
  /** Addresses of the managers, as `host:port`. */
  readonly managers: readonly string[];
  readonly userService: string;
  /** Access to the processes and the database of the system, if it runs on this machine. */
  readonly local: LocalSystem | undefined;
  /** Creates logged-in users. */
  makePeople(count: number): Promise<DrillPerson[]>;
  /** Removes everything that the drill created, as far as possible. */
  clear(): Promise<void>;
}

/**
 * A Parley known only by its addresses. Its users register and log in as usual, and their accounts
 * remain.
 */
export class RemoteSystem implements System {
  readonly managers: readonly string[];
  readonly userService: string;
  readonly local = undefined;

  constructor(userService: string, managers: readonly string[]) {
    this.userService = userService;
    this.managers = managers;
  }

  async makePeople(count: number): Promise<DrillPerson[]> {
    const transport = grpcTransport({ userService: this.userService, channelService: this.managers.join(',') });
    const prefix = freshPrefix();
    const made: DrillPerson[] = [];
    for (let n = 1; n <= count; n++) {
      const client = createClient({ transport });
      const [userId, password] = [`${prefix}-${n}`, randomBytes(24).toString('base64url')];
      await client.register({ userId, password, name: userId });
      made.push({ id: userId, token: (await client.login(userId, password)).token });
    }
    transport.close();
    return made;
  }

  async clear(): Promise<void> {}
}
