import { clearLine, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline';
import { output } from './output.js';

/** Callbacks for typed keys, for typed lines, and for the end of the input. */
export interface TerminalActions {
  /** Called for each typed key. */
  readonly typing: () => void;
  readonly runLine: (line: string) => void;
  readonly leave: () => void;
}

const prompt = '> ';

/** A terminal with a prompt in its last line and output above the prompt. */
export class Terminal {
  #lines: Interface | undefined;

  /** Reads typed lines until `close`. */
  open(actions: TerminalActions): void {
    const lines = createInterface({ input: process.stdin, output: process.stdout, prompt });
    this.#lines = lines;
    lines.on('line', (line) => {
      this.#wipe(line);
      actions.runLine(line);
      lines.prompt();
    });
    process.stdin.on('keypress', actions.typing);
    lines.once('SIGINT', () => lines.close());
    lines.once('close', actions.leave);
  }

  /** Prints a line above the prompt. Text that is being typed stays. */
  print(line: string): void {
    this.#clear();
    output.say(line);
    this.#lines?.prompt(true);
  }

  /** Releases the terminal. */
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

  /** Removes the typed line from the screen. The echo from the server is shown in its place. */
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
