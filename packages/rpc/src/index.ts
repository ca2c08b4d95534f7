export { addHealth, type Health } from './health.js';
export { addReflection } from './reflection.js';
