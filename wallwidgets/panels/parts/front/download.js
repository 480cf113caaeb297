/** Saves a file that Python sends in answer to a click; once per page, however often it is shown. */
function initialize({ model }) {
  model.on("msg:custom", ({ name }, [data]) => {
    const link = document.createElement("a");
    // No type that a browser would open instead of saving it.
    link.href = URL.createObjectURL(new Blob([data], { type: "application/octet-stream" }));
    link.download = name;
    link.click();
    // The browser has begun to read it by then.
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  });
}
export default { initialize };
