/** Exports for the drills: the facts about the running `npm start`, and parsers of options. */
export { address, projectFolder } from './launcher/options.js';
export { defaultData, type RunFacts, readRunFacts, type ServiceFacts } from './run-file.js';
export { usageWords } from './usage-words.js';
export { wholeNumber } from './whole-number.js';
