import { readFile, stat } from 'node:fs/promises';
import {
  type BackupProgress,
  type BackupTotals,
  checkBackup,
  checkBackupBytes,
  isEncryptedBackup,
  restoreBackup,
  writeBackup,
} from '@parley/database';
import { version } from '@parley/runtime';
import { usage } from '../failure.js';
import { interruptible } from '../interruptible.js';
import { output } from '../output.js';
import { givenUrl, type OwnerOptions, shownUrl } from '../owner-database.js';
import { readNewPassphrase, readPassphrase } from '../password.js';
import { counted, terminalLine } from '../plain-text.js';
import type { CommandSession } from '../session.js';
import { backupWork, pooled, withOwnedDatabase, withRestoreTarget } from './backup-database.js';
import { type KeptBackups, keptName, newBackupIn, removeOldBackups } from './kept-backups.js';
import { readBackup } from './read-backup.js';
import { writeWhole } from './whole-file.js';

/** The options of `backup`. */
export interface BackupCommandOptions extends OwnerOptions {
  readonly encrypt: boolean;
  readonly passphraseFile?: string;
  /** Number of backups to keep in the folder that is named instead of a file. */
  readonly keep?: number;
}

/** The options of `restore`. */
export interface RestoreCommandOptions extends OwnerOptions {
  readonly passphraseFile?: string;
  readonly replace: boolean;
  readonly check: boolean;
}

const minPassphraseBytes = 8;

async function passphraseIn(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw usage(`The file ${terminalLine(file)} cannot be read (${cause.code}). Correct --passphrase-file.`);
  });
  const passphrase = text.replace(/\r?\n$/, '');
  if (Buffer.byteLength(passphrase) >= minPassphraseBytes && !passphrase.includes('\n')) return passphrase;
  throw usage(`A passphrase is one line with at least ${minPassphraseBytes} bytes. Correct ${terminalLine(file)}.`);
}

const progressEveryMs = 200;

/** Returns a function that shows on a terminal how far a command is. */
function progressWith(verb: string): (progress: BackupProgress) => void {
  let shownAt = 0;
  return ({ table, bytes }) => {
    if (performance.now() < shownAt + progressEveryMs) return;
    shownAt = performance.now();
    output.progress(`${verb} ${table}: ${Math.round(bytes / 1_000_000)} MB so far`);
  };
}

function factsOf({ manifest, rows }: BackupTotals) {
  const { moment, parley, migrations, filesInS3 } = manifest;
  const schema = migrations.at(-1);
  return { moment, version: parley, schema, rows, files_in_s3: filesInS3.count, bytes_in_s3: filesInS3.bytes };
}

/** Returns a sentence about the files that the backup does not contain; empty if there are none. */
function missingFiles({ manifest: { filesInS3 } }: BackupTotals): string {
  const { count, bytes } = filesInS3;
  if (count === 0) return '';
  return ` The backup does not contain ${counted(count, 'file')} (${Math.ceil(bytes / 1_000_000)} MB) in S3.`;
}

/**
 * Removes backups that are older than the new one. Checks those that count as kept with the
 * passphrase. The database may have a newer schema than this version, and its backups count.
 */
function keepNewest(newest: string, keep: number, passphrase: string | undefined, signal: AbortSignal) {
  const onProgress = progressWith('checking');
  return removeOldBackups(newest, keep, async (file) => {
    const checked = checkBackupBytes({ read: () => readBackup(file, signal), passphrase, onProgress });
    return checked.then(
      () => true,
      () => {
        signal.throwIfAborted();
        return false;
      },
    );
  });
}

function keptWords({ removed, unreadable }: KeptBackups): string {
  const gone =
    removed.length === 0 ? '' : ` ${counted(removed.length, 'older backup was', 'older backups were')} removed.`;
  if (unreadable.length === 0) return gone;
  return `${gone} These cannot be read, for example because they are damaged or have another passphrase. They stay and do not count: ${unreadable.join(', ')}.`;
}

/** Writes a backup of the database. */
export async function makeBackup(session: CommandSession, name: string, options: BackupCommandOptions): Promise<void> {
  const { encrypt, passphraseFile, keep } = options;
  const file = keep === undefined ? name : await newBackupIn(name);
  const typed = () => (encrypt ? readNewPassphrase() : Promise.resolve(undefined));
  const passphrase = await (passphraseFile === undefined ? typed() : passphraseIn(passphraseFile));
  const totals = await interruptible((signal) =>
    withOwnedDatabase(
      options,
      pooled((pool) =>
        writeBackup(pool, {
          version,
          passphrase,
          onProgress: progressWith('reading'),
          signal,
          write: (bytes) => writeWhole(file, bytes, signal, keep === undefined ? undefined : keptName),
        }),
      ),
    ),
  );
  const isWritten = `${terminalLine(file)} is written, and no older backup was removed.`;
  const kept =
    keep !== undefined && (await interruptible((signal) => keepNewest(file, keep, passphrase, signal), isWritten));
  const { size } = await stat(file);
  session.print(
    `${terminalLine(file)} has ${totals.rows} rows of ${totals.manifest.moment}, in ${size} bytes.${missingFiles(totals)}${kept ? keptWords(kept) : ''}`,
    { file, bytes: size, ...factsOf(totals), ...(kept || {}) },
  );
}

async function passphraseFor(file: string, { passphraseFile }: RestoreCommandOptions): Promise<string | undefined> {
  const isEncrypted = await backupWork(isEncryptedBackup(readBackup(file)));
  if (passphraseFile !== undefined) return passphraseIn(passphraseFile);
  return isEncrypted ? readPassphrase() : undefined;
}

/** Checks a backup, and loads it into a database. */
export async function restoreFrom(
  session: CommandSession,
  file: string,
  options: RestoreCommandOptions,
): Promise<void> {
  const passphrase = await passphraseFor(file, options);
  await interruptible(async (signal) => {
    const read = () => readBackup(file, signal);
    const given = { read, passphrase, signal, onProgress: progressWith(options.check ? 'checking' : 'restoring') };
    if (options.check) {
      const totals = await backupWork(checkBackup(given));
      session.print(
        `${terminalLine(file)} is whole: ${totals.rows} rows of ${totals.manifest.moment}.${missingFiles(totals)}`,
        { file, ...factsOf(totals) },
      );
      return;
    }
    const url = await givenUrl(options);
    const totals = await withRestoreTarget(
      url,
      options.data,
      pooled((pool) => restoreBackup(pool, options.replace, given)),
    );
    const target = url === undefined ? options.data : shownUrl(url);
    session.print(
      `Restored ${totals.rows} rows of ${totals.manifest.moment} into ${terminalLine(target)}. ${counted(totals.channels, 'channel has', 'channels have')} a new log.${missingFiles(totals)}`,
      { ...factsOf(totals), channels: totals.channels, target },
    );
  });
}
