export { bareHost, dialable, hostAndPort, isLoopback, splitAddress } from './address.js';
export { allocatorSettings } from './allocator.js';
export {
  boundToCall,
  CallContext,
  type CallHeaders,
  currentCall,
  outsideCalls,
  requestIdKey,
  runInCall,
  traceparentKey,
} from './call-context.js';
export { emojiFrom } from './emoji.js';
export { keepConnected } from './keep-connected.js';
export { atMost, Lifecycle, type Part, repeat } from './lifecycle.js';
export { limits } from './limits.js';
export { createLogger, type Logger, type LogLevel, silentLogger } from './log.js';
export { MemoryBudget, type MemoryHolding } from './memory-budget.js';
export { Metrics } from './metrics.js';
export { displayName, isDisplayName, isPrintable, isUserId, isUuid } from './names.js';
export { didYouMean, nearest } from './nearest.js';
export { type OpsServer, startOpsServer } from './ops-server.js';
export { type ProcessContext, type RunningService, runProcess } from './process.js';
export {
  describeSettings,
  ignoredNames,
  readSettings,
  type SettingRow,
  SettingsError,
  unknownNames,
} from './read-settings.js';
export {
  isReason,
  Refusal,
  type RefusalDetail,
  reasonOfCode,
  refusalFrom,
  refusalFromFrame,
  refuse,
  type SentRefusal,
} from './refusal.js';
export { type Reason, type RefusalRow, refusals, type StatusName } from './refusals.js';
export { savableName } from './savable-name.js';
export { type SettingName, type Settings, settingsTable } from './settings.js';
export { shellWord } from './shell.js';
export { textTable } from './text-table.js';
export {
  type CallSpan,
  type CallTracer,
  setTracer,
  type TraceParent,
  type TraceStep,
  traceparentOf,
} from './tracing.js';
export { version } from './version.js';
