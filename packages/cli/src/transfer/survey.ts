import { output } from '../output.js';
import { counted } from '../plain-text.js';
import { LineChecker } from './checked-lines.js';
import type { LineOf, TransferLine } from './format.js';
import type { PlacedValue } from './line-reader.js';

/** Opens the lines of an export from the beginning. They are read twice. */
export type OpenLines = () => AsyncIterable<PlacedValue>;

/** What a file contains. */
export interface Survey {
  source: string;
  readonly people: LineOf<'person'>[];
  /** The channels, with their numbers of messages and files. */
  readonly channels: (LineOf<'channel'> & { messages: number; files: number; missingFiles: number })[];
}

const progressEvery = 1_000;

/**
 * Yields the lines of an export after checking each of them.
 * @throws {Failure}
 */
export async function* checkedLines(
  open: OpenLines,
  nowMs: number,
  verb: string,
  signal: AbortSignal,
): AsyncGenerator<TransferLine> {
  const checker = new LineChecker(nowMs);
  let count = 0;
  for await (const placed of open()) {
    signal.throwIfAborted();
    yield checker.check(placed);
    if (++count % progressEvery === 0) output.progress(`${verb}: ${counted(count, 'line')} so far`);
  }
  checker.finish();
}

function note(survey: Survey, line: TransferLine): void {
  const channel = survey.channels.at(-1);
  if (line.type === 'export') survey.source = line.source;
  else if (line.type === 'person') survey.people.push(line);
  else if (line.type === 'channel') survey.channels.push({ ...line, messages: 0, files: 0, missingFiles: 0 });
  else if (channel !== undefined && line.type === 'message') channel.messages += 1;
  else if (channel !== undefined && line.type === 'file')
    channel[line.missing === true ? 'missingFiles' : 'files'] += 1;
}

/**
 * Checks a whole file, and returns what it contains.
 * @throws {Failure}
 */
export async function surveyOf(open: OpenLines, nowMs: number, signal: AbortSignal): Promise<Survey> {
  const survey: Survey = { source: '', people: [], channels: [] };
  for await (const line of checkedLines(open, nowMs, 'checking', signal)) note(survey, line);
  return survey;
}
