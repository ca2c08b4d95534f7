import { output } from './output.js';

/** Returns a function that shows how much of a file has been sent or received. */
export function progressOf(name: string): (bytes: number, total: number) => void {
  return (bytes, total) => output.progress(`${name}: ${total === 0 ? 100 : Math.floor((bytes / total) * 100)} %`);
}
