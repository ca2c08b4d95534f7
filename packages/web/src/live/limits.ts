/** Milliseconds after a change of a conversation before it is stored. */
export const saveAfterMs = 150;
/** Number of entries in a page of history. */
export const historyPageSize = 50;
/** Limit of the lines in memory while the user reads at the end. */
export const softLimit = { lines: 2_000, characters: 4_000_000 };
/** Size of the lines after trimming. */
export const trimmedTo = { lines: 1_000, characters: 1_000_000 };
/** Limit of the lines in memory of a chat that the user does not see. Several such chats are in memory. */
export const hiddenLimit = { lines: 1_500, characters: 1_500_000 };
/** Limit of the lines in memory, no matter where the user reads. */
export const hardLimit = { lines: 20_000, characters: 16_000_000 };
