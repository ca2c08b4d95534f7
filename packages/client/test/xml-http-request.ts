import { type ClientRequest, type IncomingMessage, request } from 'node:http';

/**
 * The part of a browser's XMLHttpRequest that the gRPC-Web client uses. Its text grows as data
 * arrives.
 */
export class XmlHttpRequest {
  readyState = 0;
  status = 0;
  statusText = '';
  responseText = '';
  responseType = '';
  withCredentials = false;
  timeout = 0;
  onreadystatechange: (() => void) | null = null;
  ontimeout: (() => void) | null = null;
  readonly #headers: Record<string, string> = {};
  #url = '';
  #request: ClientRequest | undefined;
  #response: IncomingMessage | undefined;

  get response(): string {
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
    const options = { method: 'POST', headers: this.#headers, agent: false as const };
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
      this.responseText += text;
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
