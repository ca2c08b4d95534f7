import type { Load } from './crowd.js';
import { thaw } from './freeze.js';
import { ExtraServer } from './guest.js';
import type { Links } from './links.js';
import type { System } from './system.js';
import type { Takeover } from './takeover.js';

/** What a trouble is made with. */
export class DrillStage {
  readonly system: System;
  readonly links: Links;
  readonly crowd: Load;
  readonly takeover: Takeover;
  /** How long what is away is away. */
  readonly seconds: number;
  readonly #guestEntry: string | undefined;
  round = 0;
  #guest: Promise<ExtraServer> | undefined;

  constructor(parts: Pick<DrillStage, 'system' | 'links' | 'crowd' | 'takeover' | 'seconds'>, guestEntry?: string) {
    this.#guestEntry = guestEntry;
    this.system = parts.system;
    this.links = parts.links;
    this.crowd = parts.crowd;
    this.takeover = parts.takeover;
    this.seconds = parts.seconds;
  }

  /** The drill's own chat server; started when it is first asked for. */
  guest(): Promise<ExtraServer> {
    const { local } = this.system;
    if (local === undefined) throw new Error('a guest needs the database');
    this.#guest ??= ExtraServer.start(local, this.#guestEntry);
    return this.#guest;
  }

  /** Whatever a trouble has left undone. */
  async heal(): Promise<void> {
    thaw();
    const guest = await this.#guest?.catch(() => undefined);
    const proxies = [...(guest === undefined ? [] : [guest.database, ...guest.managers]), ...(await this.links.all())];
    for (const one of proxies) one.heal();
  }

  async close(): Promise<void> {
    this.takeover.close();
    await this.crowd.leave();
    await (await this.#guest)?.stop();
    await this.links.close();
    await this.system.clear();
  }
}
