/** The process of one engine: `node bare-engine.cjs <dist/platforms/local/chdb.js> <addon> <library> <version> <folder>`. */
const [module_, addon, library, version, folder] = process.argv.slice(2);
const { Chdb } = require(module_);

const engine = Chdb.load(addon, library, version);
engine.open(folder, `${folder}.xml`);
process.on("message", async ({ id, sql, settings, format }) => {
	try {
		const { bytes } = await engine.run(sql, { settings }, format);
		process.send({ id, text: bytes.toString() });
	} catch (error) {
		process.send({ id, error: error.message });
	}
});
process.on("disconnect", () => process.exit());
process.send("open");
