/**
 * Command for docker-compose.yml that runs the one-time steps before the services start. `secrets
 * DIR OWNER-URL` creates the passwords, each in its own folder. `migrate DIR OWNER-URL` migrates
 * the database and sets the passwords of its roles. OWNER-URL contains no password.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate, openRoles, readSecrets, roleUrl, type ServiceRole } from '@parley/database';

/** Folder of the passwords of each role. */
const folders: Readonly<Record<ServiceRole, string>> = {
  chat_user: 'user-service',
  chat_manager: 'channel-service',
  chat_server: 'chat-service',
  chat_gateway: 'gateway',
};

/**
 * Writes a secret that every user can read: only containers that mount the folder see it, and they
 * run as different users.
 */
async function writeSecret(folder: string, name: string, text: string): Promise<void> {
  const file = join(folder, name);
  await mkdir(folder, { recursive: true });
  await rm(file, { force: true });
  await writeFile(file, text, { mode: 0o444 });
}

async function makeSecrets(dir: string, ownerUrl: string): Promise<void> {
  const secrets = await readSecrets(join(dir, 'setup'));
  await writeSecret(join(dir, 'postgres'), 'password', secrets.owner);
  for (const [role, folder] of Object.entries(folders) as [ServiceRole, string][]) {
    await writeSecret(join(dir, folder), 'database-url', roleUrl(ownerUrl, role, secrets[role]));
  }
}

async function prepareDatabase(dir: string, ownerUrl: string): Promise<void> {
  const secrets = await readSecrets(join(dir, 'setup'));
  const url = new URL(ownerUrl);
  url.password = encodeURIComponent(secrets.owner);
  const applied = await migrate(url.href);
  await openRoles(url.href, secrets);
  process.stdout.write(`parley: the database is ready${applied.length > 0 ? `: ${applied.join(', ')}` : ''}\n`);
}

const steps: Readonly<Record<string, (dir: string, ownerUrl: string) => Promise<void>>> = {
  secrets: makeSecrets,
  migrate: prepareDatabase,
};

async function main([name = '', dir = '', ownerUrl = '']: readonly string[]): Promise<void> {
  const step = steps[name];
  if (step === undefined || !URL.canParse(ownerUrl)) throw new Error('Usage: deploy.js secrets|migrate DIR OWNER-URL');
  await step(dir, ownerUrl);
}

await main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`parley: ${error.message}\n`);
  process.exitCode = 2;
});
