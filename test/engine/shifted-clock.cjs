// Loaded before a program with NODE_OPTIONS: its clock goes DBCLUSTER_TEST_SHIFT milliseconds later.
const shift = Number(process.env.DBCLUSTER_TEST_SHIFT);
const RealDate = Date;
globalThis.Date = class extends RealDate {
	constructor(...given) {
		super(...(given.length === 0 ? [RealDate.now() + shift] : given));
	}
	static now() {
		return RealDate.now() + shift;
	}
};
