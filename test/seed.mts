import fc from "fast-check";

// The same cases in each run, so that what fails was changed by somebody; `npm run soak` makes others, and more.
const { SOAK_SEED: seed = "1", SOAK_CASES: cases } = process.env;
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed), ...(cases && { numRuns: Number(cases) }) });
