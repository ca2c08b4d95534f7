import { ExtraServer } from './extra-server.js';
import { thaw } from './freeze.js';
import type { Links } from './links.js';
import type { DrillLoad } from './load.js';
import type { System } from './system.js';
import type { Takeover } from './takeover.js';

/** Everything a disturbance can use. */
export class DrillContext {
  readonly system: System;
  readonly links: Links;
  readonly load: DrillLoad;
  readonly takeover: Takeover;
  /** Duration of an outage, in seconds. */
  readonly seconds: number;
  readonly #extraServerEntry: string | undefined;
  /** Index of the current round. */
  round = 0;
  #extraServer: Promise<ExtraServer> | undefined;

  constructor(
    parts: Pick<DrillContext, 'system' | 'links' | 'load' | 'takeover' | 'seconds'>,
    extraServerEntry?: string,
  ) {
    this.#extraServerEntry = extraServerEntry;
    this.system = parts.system;
    this.links = parts.links;
    this.load = parts.load;
    this.takeover = parts.takeover;
    this.seconds = parts.seconds;
  }

  /** Returns the drill's own chat server, started on first use. */
  extraServer(): Promise<ExtraServer> {
    const { local } = this.system;
    if (local === undefined)
      throw new Error('This drill starts a chat server of its own, which needs a Parley on this machine.');
    this.#extraServer ??= ExtraServer.start(local, this.#extraServerEntry);
    return this.#extraServer;
  }

  /** Repairs everything that a failed disturbance has left broken. */
  async heal(): Promise<void> {
    thaw();
    const extra = await this.#extraServer?.catch(() => undefined);
    const proxies = [...(extra === undefined ? [] : [extra.database, ...extra.managers]), ...(await this.links.all())];
    for (const one of proxies) one.heal();
  }

  async close(): Promise<void> {
    this.takeover.close();
    await this.load.leave();
    await (await this.#extraServer)?.stop();
    await this.links.close();
    await this.system.clear();
  }
}
