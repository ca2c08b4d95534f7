/** How the export of another system is converted. */
export interface SourceSettings {
  /** Name of the exported system. Default: the id that the export contains. */
  readonly source?: string | undefined;
  /** Takes the name of a channel that is left out, because nobody can own it. */
  readonly leaveOut?: ((channel: string) => void) | undefined;
}
