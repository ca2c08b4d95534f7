/** Clients of server-sent events that exist in the world. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { python } from '@parley/testkit';
import { EventSource } from 'eventsource';

/** A client of the events of document 001. */
export interface Tab {
  /** Whether a response has begun. */
  readonly isOpen: boolean;
  /** Texts of the messages, in the order in which they arrived. */
  readonly texts: readonly string[];
  close(): void;
}

const textOf = (data: string) => String((JSON.parse(data) as { content: string }).content);

/** The npm package `eventsource`, which reconnects by itself. */
export class EventSourceTab implements Tab {
  readonly texts: string[] = [];
  readonly #source: EventSource;

  constructor(url: string) {
    this.#source = new EventSource(url);
    this.#source.addEventListener('NewMessage', ({ data }) => this.texts.push(textOf(data)));
  }

  get isOpen(): boolean {
    return this.#source.readyState === this.#source.OPEN;
  }

  close(): void {
    this.#source.close();
  }
}

/** The PyPI package `httpx-sse`, in a program that reconnects. */
export class HttpxTab implements Tab {
  readonly texts: string[] = [];
  isOpen = false;
  readonly #program;

  constructor(url: string) {
    const script = fileURLToPath(new URL('../../test/sse_client.py', import.meta.url));
    this.#program = spawn(python, [script, url], { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: this.#program.stdout }).on('line', (line) => {
      if (line === 'open') this.isOpen = true;
      else this.texts.push(textOf(line));
    });
  }

  close(): void {
    this.#program.kill();
  }
}

/** The program `curl`, started again with the last id whenever the stream ends. */
export class CurlTab implements Tab {
  readonly texts: string[] = [];
  isOpen = false;
  readonly #url: string;
  #curl: ChildProcess | undefined;
  #isClosed = false;
  #lastId = '';

  constructor(url: string) {
    this.#url = url;
    void this.#follow();
  }

  close(): void {
    this.#isClosed = true;
    this.#curl?.kill();
  }

  async #follow(): Promise<void> {
    for (; !this.#isClosed; await pause(200)) {
      const args = ['--silent', '--no-buffer', '--header', `Last-Event-ID: ${this.#lastId}`, this.#url];
      const curl = spawn('curl', args, { stdio: ['ignore', 'pipe', 'inherit'] });
      this.#curl = curl;
      let [id, event, data] = ['', '', ''];
      for await (const line of createInterface({ input: curl.stdout })) {
        const [, field, value = ''] = /^(\w*): ?(.*)$/.exec(line) ?? [];
        if (field === 'id') id = value;
        else if (field === 'event') event = value;
        else if (field === 'data') data = value;
        if (line !== '') continue;
        this.isOpen = true;
        if (id !== '') this.#lastId = id;
        if (event === 'NewMessage') this.texts.push(textOf(data));
        [id, event, data] = ['', '', ''];
      }
    }
  }
}
