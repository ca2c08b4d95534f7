import { randomBytes } from 'node:crypto';
import { createClient } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import type { LocalSystem } from './local-system.js';
import { type DrillPerson, freshPrefix } from './person.js';

/** A Parley that runs somewhere, as its people see it. */
export interface System {
  /** host:port of each. */
  readonly managers: readonly string[];
  readonly userService: string;
  /** Where its processes and its database can be laid hands on. */
  readonly local: LocalSystem | undefined;
  makePeople(count: number): Promise<DrillPerson[]>;
  /** Takes away what was made for the drill, as far as that can be done from here. */
  clear(): Promise<void>;
}

/** A Parley that is known by its addresses only; its people register and log in like any others, and their accounts stay. */
export class FarSystem implements System {
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
