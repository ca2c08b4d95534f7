import type { BotCommand } from '@parley/client';

/** A command to suggest, and the text that replaces what the user has typed. */
export interface OfferedCommand {
  readonly command: BotCommand;
  /** `/name`, or `/name@bot` if several bots have the command. */
  readonly word: string;
}

/**
 * Returns the commands that begin with what a user has typed after the slash. Returns none if the text
 * is complete, so that Enter sends it.
 */
export function matchingCommands(
  commands: readonly BotCommand[],
  typed: string,
  most: number,
): readonly OfferedCommand[] {
  const sought = typed.toLowerCase();
  const matching = commands.filter(({ name, botId }) => `${name}@${botId}`.toLowerCase().startsWith(sought));
  const offered = matching.slice(0, most).map((command) => {
    const { name, botId } = command;
    const isShared = commands.some((other) => other.name === name && other.botId !== botId);
    return { command, word: isShared || typed.includes('@') ? `/${name}@${botId}` : `/${name}` };
  });
  const isComplete = offered.length === 1 && offered[0]?.word === `/${typed}`;
  return isComplete ? [] : offered;
}
