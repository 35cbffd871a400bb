import {
	leftAloneText,
	notAnIdText,
	notStoredText,
	ownedText,
	unfinishedText,
	unreadableArgumentsText,
	untaken,
	untakenText,
	versionUnknownText,
} from "../../src/words/import";
import { creation, mark } from "../build";
import { golden } from "./golden";

const id = "kubernetes:db/analytics";

golden("import", {
	"no id": notAnIdText("analytics\n", ["local:FOLDER/NAME, such as local:./data/a", "kubernetes:NAMESPACE/NAME"]),
	"arguments of another release": unreadableArgumentsText(id, ["kubernetes.speed: there is no such setting."]),
	"no version": versionUnknownText(id),
	"not stored": notStoredText("analytics", ["update", "versions", "kubernetes.kubeconfig"]),
	"another resource's": ownedText("analytics", "shop/live/db"),
	"no resource's": ownedText("analytics", ""),
	"an unfinished update": unfinishedText("analytics", mark("1.7.1", "1.8.0")),
	"an unfinished creation": unfinishedText("analytics", creation("1.8.0")),
	"not managed yet": untakenText("analytics"),
	"the input unfinished": untaken,
	"another resource's, destroyed": leftAloneText("analytics", "shop/live/db"),
	"no resource's, destroyed": leftAloneText("analytics", ""),
});
