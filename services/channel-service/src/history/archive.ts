import { isUtf8 } from 'node:buffer';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchivedEntry } from './retention-store.js';

const newline = 0x0a;

/**
 * Returns the body as text if its content type is text and its bytes are UTF-8, otherwise as
 * base64.
 */
function bodyOf({ contentType, data }: ArchivedEntry): { text: string } | { base64: string } {
  const isText = contentType.startsWith('text/') && isUtf8(data);
  return isText ? { text: data.toString() } : { base64: data.toString('base64') };
}

const dayOf = ({ sentAt }: ArchivedEntry) => sentAt.toISOString().slice(0, 10);

function toLine(channelId: number, entry: ArchivedEntry): string {
  return `${JSON.stringify({
    channel: channelId,
    seq: entry.seq,
    kind: entry.kind,
    sender: entry.senderId,
    client_id: entry.clientId,
    sent_at: entry.sentAt,
    target_seq: entry.targetSeq,
    content_type: entry.contentType,
    ...bodyOf(entry),
    mentions: entry.mentions,
    edited_at: entry.editedAt,
    deleted_at: entry.deletedAt,
  })}\n`;
}

/** Ends a line that a crash has truncated, so that the next one starts on a new line. */
async function endTornLine(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  if (size === 0) return;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  if (buffer[0] !== newline) await file.appendFile('\n');
}

async function sync(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

/**
 * A folder of JSON lines, one file per channel and day (UTC). Entries may appear twice: those
 * archived but not deleted before a crash are archived again.
 */
export class Archive {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Creates the folder if it is missing, and opens the archive in it. */
  static async open(folder: string): Promise<Archive> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new Archive(folder);
  }

  /**
   * Writes entries of one channel to disk and returns after they are synced.
   * @throws {Error} from the file system.
   */
  async append(channelId: number, entries: readonly ArchivedEntry[]): Promise<void> {
    for (const day of new Set(entries.map(dayOf))) {
      const lines = entries.filter((entry) => dayOf(entry) === day).map((entry) => toLine(channelId, entry));
      await this.#write(join(this.#folder, `channel-${channelId}-${day}.jsonl`), lines.join(''));
    }
    await sync(this.#folder);
  }

  async #write(path: string, lines: string): Promise<void> {
    const file = await open(path, 'a+', 0o600);
    try {
      await endTornLine(file);
      await file.appendFile(lines);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
