/**
 * Command of the deployments in docker-compose.yml and `deploy` that prepares what the services
 * need. `secrets DIR OWNER-URL` creates the passwords, each in its own folder, and the URL of the
 * owner in `setup`. `migrate DIR OWNER-URL` migrates the database and sets the passwords of its
 * roles. `rotate DIR OWNER-URL` gives the services new passwords. OWNER-URL contains no password.
 */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  migrate,
  openRoles,
  readSecrets,
  roleUrl,
  rotateSecrets,
  type Secrets,
  type ServiceRole,
} from '@parley/database';

/** Folder of the passwords of each role. */
const folders: Readonly<Record<ServiceRole, string>> = {
  chat_user: 'user-service',
  chat_manager: 'channel-service',
  chat_server: 'chat-service',
  chat_gateway: 'gateway',
};

/** A file that is written and not yet in its place. */
interface SecretDraft {
  readonly draft: string;
  readonly file: string;
}

/**
 * Writes a secret that every user can read: only containers that mount the folder see it, and they
 * run as different users.
 */
async function draftSecret(folder: string, name: string, text: string): Promise<SecretDraft> {
  const file = join(folder, name);
  const draft = `${file}.draft`;
  await mkdir(folder, { recursive: true });
  await rm(draft, { force: true });
  await writeFile(draft, text, { mode: 0o444 });
  return { draft, file };
}

function draftUrls(dir: string, ownerUrl: string, secrets: Secrets): Promise<SecretDraft[]> {
  const roles = Object.entries(folders) as [ServiceRole, string][];
  return Promise.all(
    roles.map(([role, folder]) =>
      draftSecret(join(dir, folder), 'database-url', roleUrl(ownerUrl, role, secrets[role])),
    ),
  );
}

async function putInPlace(drafts: readonly SecretDraft[]): Promise<void> {
  for (const { draft, file } of drafts) await rename(draft, file);
}

function urlWith(ownerUrl: string, password: string): string {
  const url = new URL(ownerUrl);
  url.password = encodeURIComponent(password);
  return url.href;
}

async function makeSecrets(dir: string, ownerUrl: string): Promise<void> {
  const setup = join(dir, 'setup');
  const secrets = await readSecrets(setup);
  const owner = await draftSecret(join(dir, 'postgres'), 'password', secrets.owner);
  const url = await draftSecret(setup, 'database-url', urlWith(ownerUrl, secrets.owner));
  await putInPlace([owner, url, ...(await draftUrls(dir, ownerUrl, secrets))]);
}

async function prepareDatabase(dir: string, ownerUrl: string): Promise<void> {
  const secrets = await readSecrets(join(dir, 'setup'));
  const url = urlWith(ownerUrl, secrets.owner);
  const applied = await migrate(url);
  await openRoles(url, secrets);
  process.stdout.write(`parley: the database is ready${applied.length > 0 ? `: ${applied.join(', ')}` : ''}\n`);
}

/**
 * Sets the new passwords in PostgreSQL, and then puts the files in place at once: in between,
 * services cannot open connections. An interrupted rotation is repaired by another one.
 */
async function rotatePasswords(dir: string, ownerUrl: string): Promise<void> {
  await rotateSecrets(join(dir, 'setup'), async (secrets) => {
    const drafts = await draftUrls(dir, ownerUrl, secrets);
    await openRoles(urlWith(ownerUrl, secrets.owner), secrets);
    await putInPlace(drafts);
  });
  process.stdout.write('parley: the services have new passwords for the database\n');
}

const steps: Readonly<Record<string, (dir: string, ownerUrl: string) => Promise<void>>> = {
  secrets: makeSecrets,
  migrate: prepareDatabase,
  rotate: rotatePasswords,
};

async function main([name = '', dir = '', ownerUrl = '']: readonly string[]): Promise<void> {
  const step = steps[name];
  if (step === undefined || !URL.canParse(ownerUrl))
    throw new Error('Usage: deploy.js secrets|migrate|rotate DIR OWNER-URL');
  await step(dir, ownerUrl);
}

await main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`parley: ${error.message}\n`);
  process.exitCode = 2;
});
