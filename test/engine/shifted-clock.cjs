// Loaded before a program with NODE_OPTIONS: its clock goes DBCLUSTER_TEST_SHIFT milliseconds later, or
// DBCLUSTER_TEST_JUMP milliseconds from the signal SIGUSR2 on.
const { DBCLUSTER_TEST_SHIFT, DBCLUSTER_TEST_JUMP } = process.env;
let shift = Number(DBCLUSTER_TEST_SHIFT ?? 0);
if (DBCLUSTER_TEST_JUMP !== undefined)
	process.once("SIGUSR2", () => {
		shift += Number(DBCLUSTER_TEST_JUMP);
	});
const RealDate = Date;
globalThis.Date = class extends RealDate {
	constructor(...given) {
		super(...(given.length === 0 ? [RealDate.now() + shift] : given));
	}
	static now() {
		return RealDate.now() + shift;
	}
};
