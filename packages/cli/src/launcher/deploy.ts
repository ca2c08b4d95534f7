import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate, openRoles, readSecrets, roleUrl, type ServiceRole } from '@parley/database';

/**
 * What a deployment needs once before its services, for docker-compose.yml: `secrets DIR OWNER-URL` makes the
 * passwords, each in its own folder; `migrate DIR OWNER-URL` brings the database up to date and lets the roles in with them.
 * The URL has no password.
 */
const folders: Readonly<Record<ServiceRole, string>> = {
  chat_user: 'user-service',
  chat_manager: 'channel-service',
  chat_server: 'chat-service',
  chat_gateway: 'gateway',
};

/** Nobody but who mounts the folder sees it, and those are not all the same user. */
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
  if (step === undefined || !URL.canParse(ownerUrl)) throw new Error('usage: deploy.js secrets|migrate DIR OWNER-URL');
  await step(dir, ownerUrl);
}

await main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`parley: ${error.message}\n`);
  process.exitCode = 2;
});
