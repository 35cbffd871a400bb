import { expect, test } from "vitest";
import { tagged, versionText } from "../../src/remote/reference";

test.each([
	["myscale/myscaledb", "1.8.0", "myscale/myscaledb:1.8.0"],
	["127.0.0.1:5000/db", "1.8.0", "127.0.0.1:5000/db:1.8.0"],
	["ghcr.io/acme/db:v{version}-ubi", "v1.8.0-ubi", "ghcr.io/acme/db:v1.8.0-ubi"],
])("of %s, the tag %s is a version", (image, tag, whole) => {
	expect(versionText(image, tag)).toBe("1.8.0");
	expect(tagged(image, "1.8.0")).toBe(whole);
});

test.each([
	["acme/db:v{version}-ubi", "1.8.0"],
	["acme/db:v{version}-ubi", "v1.8.0"],
	// One letter that would have to be both the beginning and the end.
	["acme/db:a{version}a", "a"],
])("of %s, the tag %s is none", (image, tag) => {
	expect(versionText(image, tag)).toBeUndefined();
});
