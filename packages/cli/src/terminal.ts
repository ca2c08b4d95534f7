import { clearLine, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline';
import { output } from './output.js';

/** What happens to typed lines, and at their end. */
export interface TerminalActions {
  readonly obey: (line: string) => void;
  readonly leave: () => void;
}

const prompt = '> ';

/** A prompt at the bottom of the terminal, and above it what is printed. */
export class Terminal {
  #lines: Interface | undefined;

  /** Takes typed lines until `close`. */
  open(doings: TerminalActions): void {
    const lines = createInterface({ input: process.stdin, output: process.stdout, prompt });
    this.#lines = lines;
    lines.on('line', (line) => {
      this.#wipe(line);
      doings.obey(line);
      lines.prompt();
    });
    lines.once('SIGINT', () => lines.close());
    lines.once('close', doings.leave);
  }

  /** Prints a line above the prompt; what is being typed stays. */
  print(line: string): void {
    this.#clear();
    output.say(line);
    this.#lines?.prompt(true);
  }

  /** Gives the terminal back. */
  close(): void {
    const lines = this.#lines;
    this.#lines = undefined;
    this.#clear();
    lines?.close();
  }

  #clear(): void {
    cursorTo(process.stdout, 0);
    clearLine(process.stdout, 0);
  }

  /** Takes the typed line off the screen: its echo from the server is what counts. */
  #wipe(line: string): void {
    const rows = Math.ceil((prompt.length + line.length + 1) / (process.stdout.columns || 80));
    moveCursor(process.stdout, 0, -rows);
    cursorTo(process.stdout, 0);
    for (let row = 0; row < rows; row++) {
      clearLine(process.stdout, 0);
      if (row < rows - 1) moveCursor(process.stdout, 0, 1);
    }
    if (rows > 1) moveCursor(process.stdout, 0, 1 - rows);
  }
}
