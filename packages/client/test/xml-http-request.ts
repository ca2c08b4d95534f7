import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';

/** Connections are used again, as a browser does. */
const agent = new Agent({ keepAlive: true });

/**
 * The text of a response, which is read once, from the beginning to the end. A string would be copied
 * for each event, megabytes in a long stream.
 */
class GrowingText {
  length = 0;
  #unread = '';

  append(text: string): void {
    this.#unread += text;
    this.length += text.length;
  }

  /** Returns part of the text. The text before that part can no longer be read. */
  substr(from: number, length: number): string {
    const read = this.length - this.#unread.length;
    if (from < read) throw new Error('This part of the response was read before.');
    this.#unread = this.#unread.slice(from - read);
    return this.#unread.slice(0, length);
  }
}

/**
 * The part of a browser's XMLHttpRequest that the gRPC-Web client uses. Its text grows as data
 * arrives.
 */
export class XmlHttpRequest {
  readyState = 0;
  status = 0;
  statusText = '';
  readonly responseText = new GrowingText();
  responseType = '';
  withCredentials = false;
  timeout = 0;
  onreadystatechange: (() => void) | null = null;
  ontimeout: (() => void) | null = null;
  readonly #headers: Record<string, string> = {};
  #url = '';
  #request: ClientRequest | undefined;
  #response: IncomingMessage | undefined;

  get response(): GrowingText {
    return this.responseText;
  }

  open(_method: 'POST', url: string): void {
    this.#url = url;
    this.#enter(1);
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers[name] = value;
  }

  getResponseHeader(name: string): string | null {
    return this.#response?.headers[name.toLowerCase()]?.toString() ?? null;
  }

  getAllResponseHeaders(): string {
    return Object.entries(this.#response?.headers ?? {})
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('');
  }

  send(body: string): void {
    const options = { method: 'POST', headers: this.#headers, agent };
    this.#request = request(this.#url, options, (response) => this.#receive(response));
    this.#request.on('error', () => this.#fail());
    if (this.timeout > 0) this.#request.setTimeout(this.timeout, () => this.ontimeout?.());
    this.#request.end(body);
  }

  abort(): void {
    this.onreadystatechange = null;
    this.#request?.destroy();
  }

  #receive(response: IncomingMessage): void {
    this.#response = response;
    this.status = response.statusCode ?? 0;
    this.statusText = response.statusMessage ?? '';
    this.#enter(2);
    response.setEncoding('latin1');
    response.on('data', (text: string) => {
      this.responseText.append(text);
      this.#enter(3);
    });
    response.on('end', () => this.#enter(4));
    response.on('error', () => this.#fail());
  }

  #fail(): void {
    this.status = 0;
    this.#enter(4);
  }

  #enter(state: number): void {
    this.readyState = state;
    this.onreadystatechange?.();
  }
}
