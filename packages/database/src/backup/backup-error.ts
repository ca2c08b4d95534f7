/** Why a backup or a restore was refused. */
export type BackupFault =
  | 'backup-damaged'
  | 'backup-unknown'
  | 'wrong-passphrase'
  | 'backup-not-encrypted'
  | 'database-newer'
  | 'database-running'
  | 'database-not-empty'
  | 'database-foreign';

/** A refused backup or restore, with one sentence or two. Nothing was changed. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  readonly reason: BackupFault;

  constructor(reason: BackupFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Returns the error for bytes that are not those of the backup. */
export function damaged(what: string): BackupError {
  return new BackupError('backup-damaged', `The backup is damaged: ${what}. Use another backup.`);
}
