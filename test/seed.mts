import fc from "fast-check";

// The same cases in each run, so that what fails was changed by somebody; `npm run fuzz` makes new ones.
if (process.env.MODE !== "fuzz") fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 1 });
