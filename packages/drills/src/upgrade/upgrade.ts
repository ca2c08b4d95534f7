import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectFolder } from '@parley/cli';
import { readSecrets, roleUrl, type ServiceRole, startEmbedded } from '@parley/database';
import { freePorts, type TestDatabase } from '@parley/testkit';
import type { CatalogEntry } from '../catalog.js';
import type { Disturbance } from '../disturbance.js';
import { type DrillOptions, runDrill } from '../drill.js';
import { undisturbed } from '../inbox-faults.js';
import { LocalSystem } from '../local-system.js';
import type { DrillVerdict } from '../verdict.js';
import { earlierClients } from './earlier-clients.js';
import { failedMigration, realMigration } from './migrations.js';
import { buildRelease, prepareDatabase } from './release.js';
import { replacedProcess } from './replace.js';
import { portsOfSystem, RollingParley } from './rolling-parley.js';
import { UpgradeLoad } from './upgrade-load.js';

/**
 * Starts a system of the release `from`, and runs a drill against it. `disturbances` returns what the
 * drill does.
 */
export async function rollOver(
  database: Pick<TestDatabase, 'ownerUrl' | 'urlFor'>,
  from: string,
  disturbances: (parley: RollingParley) => readonly Disturbance[],
  options: DrillOptions,
): Promise<DrillVerdict> {
  const parley = await RollingParley.start(database, await freePorts(portsOfSystem), from);
  try {
    const system = await LocalSystem.of({
      facts: async () => parley.facts(),
      urlFor: (role) => database.urlFor(role),
      embedded: async () => undefined,
    });
    const entry: CatalogEntry = {
      description: 'an upgrade',
      disturbances: disturbances(parley),
      load: (rate) => new UpgradeLoad(rate),
    };
    return await runDrill(system, entry, options);
  } finally {
    await parley.stop();
  }
}

/** Returns what an upgrade does, and what the way back does. */
function stepsOf(parley: RollingParley, from: string, to: string, ownerUrl: string): Disturbance[] {
  return [
    undisturbed,
    failedMigration(to, ownerUrl),
    realMigration(to, ownerUrl),
    ...parley.names.map((name) => replacedProcess(parley, name, to, 'upgraded')),
    undisturbed,
    earlierClients(from),
    ...parley.names.toReversed().map((name) => replacedProcess(parley, name, from, 'back:')),
  ];
}

/**
 * Upgrades a system of its own from the release of a Git revision to this one under load, and goes
 * back: with two managers, chat servers and gateways, and an embedded PostgreSQL.
 * @param folder where the earlier release is built
 */
export async function upgradeFrom(revision: string, folder: string, options: DrillOptions): Promise<DrillVerdict> {
  options.report(`building ${revision} (a few minutes the first time)`);
  const from = await buildRelease(revision, folder);
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-upgrade-'));
  await chmod(dataDir, 0o755); // PostgreSQL may run as another user.
  const server = await startEmbedded({ dataDir, log: options.report });
  const end = () => process.kill(server.pid, 'SIGQUIT');
  process.once('exit', end);
  try {
    const [ownerUrl, secrets] = [server.url, await readSecrets(dataDir)];
    await prepareDatabase(from, ownerUrl, secrets);
    const database = { ownerUrl, urlFor: (role: ServiceRole) => roleUrl(ownerUrl, role, secrets[role]) };
    return await rollOver(database, from, (parley) => stepsOf(parley, from, projectFolder, ownerUrl), options);
  } finally {
    await server.stop();
    process.off('exit', end);
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
  }
}
