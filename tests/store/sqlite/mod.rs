mod directory;

use self::directory::Directory;

intent_runtime::store_conformance!(async {
    let directory = Directory::new();
    (directory.open().await, directory)
});
