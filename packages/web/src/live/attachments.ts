import { Refusal, randomUuid } from '@parley/client';
import {
  type Attachment,
  type AttachmentsAction,
  type AttachmentsState,
  allAttachments,
  attachmentsOf,
  attachmentsReducer,
} from '../state/attachments.js';
import { refusalWords } from '../state/refusal-words.js';
import { Store } from '../state/store.js';
import { words } from '../words/words.js';
import type { WorkspaceFiles } from './workspace-files.js';

/** Number of files that are uploaded at the same time. */
const mostAtOnce = 3;

/** An attachment whose bytes this tab has. */
interface Upload {
  readonly channelId: number;
  readonly file: File;
  /** Ends the transfer that runs, if one does. */
  pausing: AbortController | undefined;
}

/** Returns why a file was refused, and whether to offer another attempt. */
function failureOf(thrown: unknown): Partial<Attachment> {
  if (!(thrown instanceof Refusal)) return { why: words().common.pageFailed, mayRetry: true };
  return { why: refusalWords(thrown), mayRetry: thrown.reason !== 'file-too-large' };
}

/** Returns whether the browser can read a file. It cannot if the file is a folder or was moved. */
async function canRead(file: File): Promise<boolean> {
  return file
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    );
}

/** The files that the user attaches to messages in this tab, and their uploads. */
export class Attachments {
  readonly #files: WorkspaceFiles;
  readonly #store = new Store<AttachmentsState, AttachmentsAction>(attachmentsReducer, {});
  readonly #uploads = new Map<string, Upload>();

  constructor(files: WorkspaceFiles) {
    this.#files = files;
  }

  readonly state = () => this.#store.state();
  readonly subscribe = (listener: () => void) => this.#store.subscribe(listener);

  /** Attaches files to the next message of a channel, and uploads them. */
  add(channelId: number, files: readonly File[]): void {
    const attachments = files.map((file): Attachment => {
      const { name, size, type } = file;
      const key = randomUuid();
      this.#uploads.set(key, { channelId, file, pausing: undefined });
      const kind = (['image', 'audio'] as const).find((one) => type.startsWith(one));
      const preview = kind && { kind, address: URL.createObjectURL(file) };
      return { key, name, size, sent: 0, preview, state: 'waiting' };
    });
    this.#store.dispatch({ type: 'added', channelId, attachments });
    const kept = new Set(attachmentsOf(this.state(), channelId).list.map(({ key }) => key));
    for (const one of attachments) if (!kept.has(one.key)) this.#forget(one);
    this.#startNext();
  }

  /** Interrupts an upload. The server keeps what has arrived. */
  pause(key: string): void {
    this.#uploads.get(key)?.pausing?.abort();
  }

  /** Continues an upload. */
  resume(key: string): void {
    this.#change(key, { state: 'waiting' });
    this.#startNext();
  }

  /** Removes a file that was not sent, also from the server. */
  remove(channelId: number, key: string): void {
    const one = attachmentsOf(this.state(), channelId).list.find((each) => each.key === key);
    if (one === undefined) return;
    this.pause(key);
    this.#store.dispatch({ type: 'removed', channelId, key });
    this.#forget(one);
    // If this fails, the server deletes the file after a day, as no message has it.
    const { fileId } = one;
    if (fileId !== undefined) this.#files.calls().then((calls) => calls.delete(fileId).catch(() => {}));
  }

  /** Returns the ids of the uploaded files of a channel, for a message that is sent now. */
  take(channelId: number): readonly string[] {
    const { list } = attachmentsOf(this.state(), channelId);
    this.#store.dispatch({ type: 'taken', channelId });
    for (const one of list) this.#forget(one);
    return list.flatMap(({ fileId, state }) => (fileId !== undefined && state === 'ready' ? [fileId] : []));
  }

  /** Ends all uploads. */
  stop(): void {
    for (const one of allAttachments(this.state())) {
      this.pause(one.key);
      this.#forget(one);
    }
  }

  #forget({ key, preview }: Attachment): void {
    this.#uploads.delete(key);
    if (preview !== undefined) URL.revokeObjectURL(preview.address);
  }

  #change(key: string, change: Partial<Attachment>): void {
    const channelId = this.#uploads.get(key)?.channelId;
    if (channelId !== undefined) this.#store.dispatch({ type: 'changed', channelId, key, change });
  }

  #startNext(): void {
    const all = allAttachments(this.state());
    const running = all.filter(({ state }) => state === 'uploading').length;
    const waiting = all.filter(({ state }) => state === 'waiting');
    for (const one of waiting.slice(0, Math.max(0, mostAtOnce - running))) this.#run(one);
  }

  async #run({ key, name, fileId: id }: Attachment): Promise<void> {
    const upload = this.#uploads.get(key);
    if (upload === undefined) return;
    const pausing = new AbortController();
    upload.pausing = pausing;
    this.#change(key, { state: 'uploading' });
    try {
      const calls = await this.#files.calls();
      const file = await calls.upload(upload.file, {
        ...{ name, signal: pausing.signal },
        ...(id !== undefined && { id }),
        onBegin: (fileId) => this.#change(key, { fileId }),
        onProgress: (sent) => this.#change(key, { sent }),
      });
      this.#change(key, { state: 'ready', fileId: file.id });
    } catch (thrown) {
      await this.#fail(key, upload.file, pausing.signal.aborted, thrown);
    }
    this.#startNext();
  }

  async #fail(key: string, file: File, isPaused: boolean, thrown: unknown): Promise<void> {
    if (isPaused) this.#change(key, { state: 'paused' });
    else if (await canRead(file)) this.#change(key, { state: 'refused', ...failureOf(thrown) });
    else this.#change(key, { state: 'refused', why: words().conversation.unreadableFile, mayRetry: false });
  }
}
